import Checkpoints
import Foundation
import Kernels
public import Routing

/// How the members of a family differ from one of them, tensor by tensor.
public struct FamilyReport: Sendable, Encodable {
    /// How one member differs.
    public struct Member: Sendable, Encodable {
        /// Its name.
        public var id: String
        /// Its length penalty; nil for the base.
        public var alpha: Double?
        /// What its tokens cost, where the manifest says so.
        public var price: Price?
        /// Problems it was measured on; 0 where it was not.
        public var measuredProblems: Int
        /// By tensor, in the reference's order; empty for the reference itself.
        public var differences: [Difference]

        /// All tensors together; nil for the reference.
        public var overall: Difference? {
            guard !differences.isEmpty else { return nil }
            let count = differences.reduce(0) { $0 + $1.count }
            return Difference(
                tensor: "all", count: count,
                changed: differences.reduce(0) { $0 + $1.changed * Double($1.count) }
                    / Double(max(count, 1)),
                norm: differences.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot(),
                referenceNorm: differences.reduce(0) { $0 + $1.referenceNorm * $1.referenceNorm }
                    .squareRoot())
        }
    }

    /// How one tensor differs from the reference's.
    public struct Difference: Sendable, Encodable {
        /// Its name in the reference's file.
        public var tensor: String
        /// Values.
        public var count: Int
        /// The share of values that are not equal.
        public var changed: Double
        /// The norm of the difference.
        public var norm: Double
        /// The norm of the reference's.
        public var referenceNorm: Double

        /// The size of the change, as a share of the reference.
        public var relative: Double { referenceNorm > 0 ? norm / referenceNorm : 0 }
    }

    /// The family's name.
    public var name: String
    /// Whom the others are compared with: the base, or else the first.
    public var reference: String
    /// The members, lightest penalty first, the base last.
    public var members: [Member]

    /// Compares the members of a family.
    ///
    /// - Parameter path: The family's folder.
    /// - Throws: `ModelLoadingError` naming the member and tensor that do not fit.
    public init(path: String) throws(ModelLoadingError) {
        let directory = try FamilyDirectory(path: path)
        let base = directory.members.first { $0.alpha == nil } ?? directory.members[0]
        (name, reference) = (directory.name, base.name)
        members = []
        do {
            let reference = try Checkpoint.open(path: base.path)
            for member in directory.members {
                let differences =
                    member.name == base.name
                    ? []
                    : try Self.differences(
                        of: Checkpoint.open(path: member.path), named: member.name,
                        from: reference, named: base.name)
                members.append(
                    Member(
                        id: member.name, alpha: member.alpha, price: member.profile?.price,
                        measuredProblems: (member.profile?.profile ?? []).reduce(0) {
                            $0 + $1.problems
                        }, differences: differences))
            }
        } catch let error as ModelLoadingError {
            throw error
        } catch {
            throw .checkpoint("\(error)")
        }
    }

    private static func differences(
        of member: Checkpoint, named name: String, from reference: Checkpoint,
        named referenceName: String
    ) throws -> [Difference] {
        try reference.tensorNames.map { tensor in
            guard let one = reference.tensor(named: tensor),
                let other = member.tensor(named: tensor),
                one.shape == other.shape
            else {
                throw ModelLoadingError.membersDiffer(
                    first: referenceName, second: name,
                    what: "\(tensor) is missing or of another shape in one of them")
            }
            let (left, right) = (one.floats(), other.floats())
            var (changed, norm, whole) = (0, 0.0, 0.0)
            for (a, b) in zip(left, right) {
                if a != b { changed += 1 }
                norm += (Double(b) - Double(a)) * (Double(b) - Double(a))
                whole += Double(a) * Double(a)
            }
            reference.discardPages(of: one)
            member.discardPages(of: other)
            return Difference(
                tensor: tensor, count: left.count,
                changed: Double(changed) / Double(max(left.count, 1)), norm: norm.squareRoot(),
                referenceNorm: whole.squareRoot())
        }
    }

    /// Whether a folder is meant as a family: it has a manifest or members, and no weights itself.
    public static func isFamily(path: String) -> Bool {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: "\(path)/config.json") else { return false }
        if manager.fileExists(atPath: "\(path)/\(FamilyManifest.fileName)") { return true }
        let names = (try? manager.contentsOfDirectory(atPath: path)) ?? []
        return names.contains { FamilyDirectory.alpha(inName: $0) != nil }
    }
}
