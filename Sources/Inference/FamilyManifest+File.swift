public import Foundation
public import Routing

extension Predictor {
    /// Whether it is a predictor of so many features.
    fileprivate func takes(_ count: Int) -> Bool { isWellFormed && means.count == count }
}

extension FamilyManifest {
    /// A manifest above this is none: ten members with two thousand residuals each are 2 MB.
    private static let longest = 16 << 20

    /// Reads `family.json` in a folder; nil where there is no such file.
    ///
    /// - Parameter folder: The family's folder.
    /// - Throws: `ModelLoadingError.manifest` naming the key that is wrong.
    init?(folder: String) throws(ModelLoadingError) {
        let path = "\(folder)/\(Self.fileName)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .manifest(path: path, reason: "it cannot be read")
        }
        guard data.count <= Self.longest else {
            throw .manifest(
                path: path, reason: "it has \(data.count) bytes; expected a few thousand")
        }
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self = try decoder.decode(Self.self, from: data)
        } catch let error as DecodingError {
            throw .manifest(
                path: path, reason: error.keyReason ?? "it is no JSON object of a family")
        } catch {
            throw .manifest(path: path, reason: "it is no JSON")
        }
        if let reason = flaw { throw .manifest(path: path, reason: reason) }
        members.sort { ($0.alpha ?? .infinity) < ($1.alpha ?? .infinity) }
    }

    /// The file's text.
    ///
    /// - Returns: JSON, keys sorted.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }

    /// The first thing that decoding does not see.
    private var flaw: String? {
        guard !members.isEmpty else { return "members: expected at least one" }
        var (ids, alphas): (Set<String>, Set<Double>) = ([], [])
        for (index, member) in members.enumerated() {
            let place = "members.\(index)"
            if member.id.isEmpty || !ids.insert(member.id).inserted {
                return "\(place).id: expected a name of its own, found '\(member.id)'"
            }
            let parts = member.path.split(separator: "/", omittingEmptySubsequences: false)
            if member.path.isEmpty || parts.contains(where: { $0.isEmpty || $0 == ".." }) {
                return "\(place).path: expected a folder below the family's, found '\(member.path)'"
            }
            if let alpha = member.alpha {
                guard (0..<1).contains(alpha) else {
                    return "\(place).alpha: expected 0 up to 1, found \(alpha)"
                }
                guard alphas.insert(alpha).inserted else {
                    return "\(place).alpha: expected each once, found \(alpha) again"
                }
            }
            if let price = member.price {
                guard price.prompt >= 0, price.completion >= 0, price.prompt.isFinite,
                    price.completion.isFinite
                else { return "\(place).price: expected numbers from 0 up" }
            }
            let textCount = PromptFeatures.names.count
            if let predictor = member.predictor, !predictor.takes(textCount) {
                return Self.flaw("\(place).predictor", expected: textCount)
            }
            if let predictor = member.probePredictor {
                let count = textCount + (probe?.directions.count ?? 0)
                guard probe != nil, member.predictor != nil else {
                    return "\(place).probe_predictor: expected a probe and a predictor beside it; "
                        + "calibrate again"
                }
                guard predictor.takes(count) else {
                    return Self.flaw("\(place).probe_predictor", expected: count)
                }
            }
        }
        if let probe, !ids.contains(probe.member) {
            return "probe.member: expected one of the members, found '\(probe.member)'"
        }
        return nil
    }

    private static func flaw(_ place: String, expected count: Int) -> String {
        "\(place): expected \(count) finite weights of each kind and sorted residuals; "
            + "calibrate again"
    }
}
