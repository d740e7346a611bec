import Foundation

/// The regressions that calibration needs: few features, many rows, double precision.
enum NormalEquations {
    /// Least squares with a ridge: argmin |Zw - y|² + ridge·|w'|², w' being w without the first.
    ///
    /// - Parameters:
    ///   - rows: Features, the first of each being 1.
    ///   - targets: As many as rows.
    ///   - ridge: Above 0, so that a solution exists where features repeat each other.
    /// - Returns: Weights, as many as features.
    static func leastSquares(_ rows: [[Double]], _ targets: [Double], ridge: Double) -> [Double] {
        solve(rows, weights: nil, targets, ridge: ridge)
    }

    /// Logistic regression with the same ridge, by Newton's method (iteratively reweighted least
    /// squares: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1).
    static func logistic(_ rows: [[Double]], _ hits: [Bool], ridge: Double) -> [Double] {
        var weights = Array(repeating: 0.0, count: rows.first?.count ?? 0)
        for _ in 0..<25 {
            var (importance, working) = ([Double](), [Double]())
            for (row, hit) in zip(rows, hits) {
                let odds = product(weights, row)
                let chance = 1 / (1 + exp(-odds))
                let variance = max(chance * (1 - chance), 1e-6)
                importance.append(variance)
                working.append(odds + ((hit ? 1 : 0) - chance) / variance)
            }
            let next = solve(rows, weights: importance, working, ridge: ridge)
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
        _ rows: [[Double]], weights: [Double]?, _ targets: [Double], ridge: Double
    ) -> [Double] {
        let size = rows.first?.count ?? 0
        var matrix = Array(repeating: Array(repeating: 0.0, count: size), count: size)
        var right = Array(repeating: 0.0, count: size)
        for (index, row) in rows.enumerated() {
            let weight = weights?[index] ?? 1
            for i in 0..<size {
                right[i] += weight * row[i] * targets[index]
                for j in 0...i { matrix[i][j] += weight * row[i] * row[j] }
            }
        }
        for i in 0..<size { matrix[i][i] += i == 0 ? 1e-9 : ridge }
        return cholesky(matrix, right)
    }

    /// Solves a symmetric positive definite system; only the lower triangle is read.
    private static func cholesky(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var factor = matrix
        let size = right.count
        for i in 0..<size {
            for j in 0...i {
                var sum = factor[i][j]
                for k in 0..<j { sum -= factor[i][k] * factor[j][k] }
                factor[i][j] = i == j ? max(sum, 1e-12).squareRoot() : sum / factor[j][j]
            }
        }
        var solution = right
        for i in 0..<size {
            for k in 0..<i { solution[i] -= factor[i][k] * solution[k] }
            solution[i] /= factor[i][i]
        }
        for i in (0..<size).reversed() {
            for k in i + 1..<size { solution[i] -= factor[k][i] * solution[k] }
            solution[i] /= factor[i][i]
        }
        return solution
    }
}
