import Foundation

/// The regressions that calibration needs: few features, many rows, double precision.
enum NormalEquations {
    /// Least squares with ridges: argmin |Zw - y|² + Σ ridge·w².
    ///
    /// - Parameters:
    ///   - rows: Features, the first of each being 1; those beyond the last ridge are left out.
    ///   - targets: As many as rows.
    ///   - ridges: One for each feature that is used; all but the first's above 0, so that a
    ///     solution exists where features repeat each other.
    /// - Returns: Weights, as many as ridges.
    static func leastSquares(
        _ rows: [[Double]], _ targets: [Double], ridges: [Double]
    ) -> [Double] {
        solve(rows, weights: nil, targets, ridges: ridges)
    }

    /// Logistic regression with the same ridges, by Newton's method (iteratively reweighted least
    /// squares: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1).
    static func logistic(
        _ rows: [[Double]], _ hits: [Bool], ridges: [Double]
    ) -> [Double] {
        var weights = ridges.map { _ in 0.0 }
        for _ in 0..<25 {
            var (importance, working) = ([Double](), [Double]())
            for (row, hit) in zip(rows, hits) {
                let odds = product(weights, row)
                let chance = 1 / (1 + exp(-odds))
                let variance = max(chance * (1 - chance), 1e-6)
                importance.append(variance)
                working.append(odds + ((hit ? 1 : 0) - chance) / variance)
            }
            let next = solve(rows, weights: importance, working, ridges: ridges)
            let change = zip(next, weights).map { abs($0 - $1) }.max() ?? 0
            weights = next
            if change < 1e-8 { break }
        }
        return weights
    }

    static func product(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func solve(
        _ rows: [[Double]], weights: [Double]?, _ targets: [Double], ridges: [Double]
    ) -> [Double] {
        let size = ridges.count
        var matrix = Array(repeating: 0.0, count: size * size)
        var right = Array(repeating: 0.0, count: size)
        for (index, row) in rows.enumerated() {
            let weight = weights?[index] ?? 1
            for i in 0..<size {
                let share = weight * row[i]
                right[i] += share * targets[index]
                for j in 0...i { matrix[i * size + j] += share * row[j] }
            }
        }
        for (i, ridge) in ridges.enumerated() { matrix[i * size + i] += ridge }
        return cholesky(matrix, right)
    }

    /// Solves a symmetric positive definite system, `[size, size]` row-major; only the lower
    /// triangle is read.
    private static func cholesky(_ matrix: [Double], _ right: [Double]) -> [Double] {
        var factor = matrix
        let size = right.count
        for i in 0..<size {
            for j in 0...i {
                var sum = factor[i * size + j]
                for k in 0..<j { sum -= factor[i * size + k] * factor[j * size + k] }
                factor[i * size + j] =
                    i == j ? max(sum, 1e-12).squareRoot() : sum / factor[j * size + j]
            }
        }
        var solution = right
        for i in 0..<size {
            for k in 0..<i { solution[i] -= factor[i * size + k] * solution[k] }
            solution[i] /= factor[i * size + i]
        }
        for i in (0..<size).reversed() {
            for k in i + 1..<size { solution[i] -= factor[k * size + i] * solution[k] }
            solution[i] /= factor[i * size + i]
        }
        return solution
    }
}
