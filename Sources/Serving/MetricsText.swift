import Inference

/// Prometheus' text exposition format, version 0.0.4.
struct MetricsText {
    /// Names of labels and their values.
    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// Begins a family of samples.
    mutating func begin(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// A family that only rises, with a sample for each set of labels.
    mutating func counters(_ name: String, _ help: String, _ samples: [(Labels, Double)]) {
        begin(name, "counter", help)
        for (labels, value) in samples { sample(name, labels, value) }
    }

    /// A family that rises and falls, with a sample for each set of labels.
    mutating func gauges(_ name: String, _ help: String, _ samples: [(Labels, Double)]) {
        begin(name, "gauge", help)
        for (labels, value) in samples { sample(name, labels, value) }
    }

    /// A family of one sample that only rises.
    mutating func counter(_ name: String, _ help: String, _ value: Double) {
        counters(name, help, [([], value)])
    }

    /// A family of one sample.
    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        gauges(name, help, [([], value)])
    }

    /// A family of histograms, one for each set of labels.
    mutating func histograms(_ name: String, _ help: String, _ samples: [(Labels, Histogram)]) {
        begin(name, "histogram", help)
        for (labels, histogram) in samples {
            var count = 0
            for (bound, more) in zip(
                histogram.bounds.map { Self.number($0) } + ["+Inf"], histogram.counts)
            {
                count += more
                sample("\(name)_bucket", labels + [("le", bound)], Double(count))
            }
            sample("\(name)_sum", labels, histogram.sum)
            sample("\(name)_count", labels, Double(count))
        }
    }

    /// Writes one sample; what is no number is none.
    mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        guard value.isFinite else { return }
        let written = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
            .joined(separator: ",")
        text += "\(name)\(written.isEmpty ? "" : "{\(written)}") \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else {
            return text
        }
        return text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}
