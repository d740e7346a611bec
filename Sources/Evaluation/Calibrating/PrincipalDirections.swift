import Foundation

/// The directions in which vectors differ most, once each of their numbers is brought to one scale.
///
/// Found by orthogonal iteration on the correlations (Golub, Van Loan, Matrix Computations, 8.2.4)
/// from a seeded start, so that they follow from the vectors alone.
enum PrincipalDirections {
    private static let rounds = 60

    /// The first directions, widest spread first.
    ///
    /// - Parameters:
    ///   - vectors: `[rows, size]`.
    ///   - count: How many directions at most.
    /// - Returns: `[directions, size]`, divided by the deviation of each number and rounded to
    ///   three digits; a sign is chosen so that the largest part is positive.
    static func directions(of vectors: [[Float]], count: Int) -> [[Float]] {
        guard let size = vectors.first?.count, vectors.count > 1 else { return [] }
        let deviations = (0..<size).map { column in
            Statistics.deviation(vectors.map { Double($0[column]) })
        }
        let correlations = correlations(vectors, deviations: deviations)
        var random = RandomSource(seed: 0, purpose: "principal directions", index: 0)
        var basis = (0..<min(count, size, vectors.count - 1)).map { _ in
            (0..<size).map { _ in Double(random.number(in: -1_000_000...1_000_000)) }
        }
        orthonormalise(&basis)
        for _ in 0..<rounds {
            basis = basis.map { direction in
                (0..<size).map { row in
                    var sum = 0.0
                    for column in 0..<size {
                        sum += correlations[row * size + column] * direction[column]
                    }
                    return sum
                }
            }
            orthonormalise(&basis)
        }
        return basis.filter { $0.contains { $0 != 0 } }.map { direction in
            let largest = direction.max { abs($0) < abs($1) } ?? 1
            return direction.indices.map { column in
                let deviation = deviations[column]
                guard deviation > 1e-9 else { return 0 }
                return rounded(direction[column] / deviation * (largest < 0 ? -1 : 1))
            }
        }
    }

    /// `[size, size]`, row-major.
    private static func correlations(_ vectors: [[Float]], deviations: [Double]) -> [Double] {
        let size = deviations.count
        let means = (0..<size).map { column in
            Statistics.mean(vectors.map { Double($0[column]) })
        }
        var sums = Array(repeating: 0.0, count: size * size)
        for vector in vectors {
            let row = (0..<size).map { column in
                deviations[column] > 1e-9
                    ? (Double(vector[column]) - means[column]) / deviations[column] : 0
            }
            for i in 0..<size {
                for j in 0...i { sums[i * size + j] += row[i] * row[j] }
            }
        }
        for i in 0..<size {
            for j in 0..<i { sums[j * size + i] = sums[i * size + j] }
        }
        return sums
    }

    /// Gram and Schmidt's way, one after another; what depends on those before it becomes 0.
    private static func orthonormalise(_ basis: inout [[Double]]) {
        for index in basis.indices {
            let before = length(of: basis[index])
            for earlier in 0..<index {
                let share = NormalEquations.product(basis[index], basis[earlier])
                for column in basis[index].indices {
                    basis[index][column] -= share * basis[earlier][column]
                }
            }
            let after = length(of: basis[index])
            let scale = after > before * 1e-10 ? 1 / after : 0
            for column in basis[index].indices { basis[index][column] *= scale }
        }
    }

    private static func length(of vector: [Double]) -> Double {
        NormalEquations.product(vector, vector).squareRoot()
    }

    private static func rounded(_ value: Double) -> Float {
        guard value != 0 else { return 0 }
        let unit = pow(10, floor(log10(abs(value))) - 2)
        return Float((value / unit).rounded() * unit)
    }
}
