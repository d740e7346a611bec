import HTTP
import Testing

/// Prometheus' text format, read strictly: what it must not hold is a failed expectation.
struct Exposition {
    /// Values by name and labels, as written.
    private(set) var samples: [String: Double] = [:]
    /// Types by family.
    private(set) var types: [String: String] = [:]

    init(_ text: String) {
        var family = ""
        var buckets: (labels: String, count: Double)?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# HELP ") {
                family = String(line.dropFirst(7).prefix { $0 != " " })
                #expect(line.count > 8 + family.count, "no help: \(line)")
                #expect(types[family] == nil, "twice: \(family)")
                buckets = nil
                continue
            }
            if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ")
                #expect(words.first.map(String.init) == family && words.count == 2)
                types[family] = words.last.map(String.init)
                continue
            }
            guard let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else {
                Issue.record("no sample: \(line)")
                continue
            }
            let key = String(line[..<space])
            #expect(samples.updateValue(value, forKey: key) == nil, "twice: \(key)")
            #expect(value.isFinite && value >= 0 || family.hasSuffix("_widening"), "\(line)")
            #expect(types[family] != nil && key.hasPrefix(family), "outside of its family: \(key)")
            guard types[family] == "histogram" else { continue }
            let labels = key.replacing(/,?le="[^"]*"/, with: "").replacing("{}", with: "")
            if key.hasPrefix("\(family)_bucket") {
                if buckets?.labels == labels { #expect(value >= buckets?.count ?? 0, "\(key)") }
                buckets = (labels, value)
            } else if key.hasPrefix("\(family)_count") {
                #expect(value == buckets?.count, "\(key) is not its last bucket")
            }
        }
    }

    /// A sample; 0 where there is none.
    subscript(_ key: String) -> Double { samples[key] ?? 0 }

    /// The sum of a family's samples over all labels.
    func sum(_ name: String) -> Double {
        samples.filter { $0.key == name || $0.key.hasPrefix("\(name){") }.values.reduce(0, +)
    }

    /// Those samples of a family that are not 0, by their labels.
    func counts(_ name: String) -> [String: Double] {
        var counts: [String: Double] = [:]
        for (key, value) in samples where key.hasPrefix("\(name){") && value != 0 {
            counts[String(key.dropFirst(name.count))] = value
        }
        return counts
    }
}

extension Caller {
    /// What `/metrics` says.
    func metrics() async throws -> Exposition {
        let reply = try await call(.get, "/metrics")
        #expect(reply.status == 200)
        #expect(reply.fields[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        return Exposition(reply.text)
    }
}
