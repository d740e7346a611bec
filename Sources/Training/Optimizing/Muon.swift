import Kernels
import Models

/// Momentum made orthogonal by Newton-Schulz iterations (Jordan et al., "Muon", 2024).
///
/// An iteration takes X to aX + (bA + cA²)X with A = XXᵀ, which drives every singular value towards
/// 1; five of them do. The coefficients are the authors'.
final class Muon {
    private let kernels: KernelContext
    private var spaces: [Int: Space] = [:]

    private static let iterations = 5
    private static let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)

    /// Matrices for parameters of one shape, the shorter side in rows.
    private struct Space {
        let x: FloatMatrix
        let next: FloatMatrix
        let gram: FloatMatrix
        let polynomial: FloatMatrix

        init(rows: Int, columns: Int) {
            x = FloatMatrix(rows: rows, columns: columns)
            next = FloatMatrix(rows: rows, columns: columns)
            gram = FloatMatrix(rows: rows, columns: rows)
            polynomial = FloatMatrix(rows: rows, columns: rows)
        }
    }

    init(kernels: KernelContext) {
        self.kernels = kernels
    }

    func step(
        parameters: FloatBuffer, gradients: FloatBuffer, moments: FloatBuffer,
        entry: ParameterLayout.Entry, momentum: Float, learningRate: Float, weightDecay: Float,
        gradientScale: Float
    ) {
        let (rows, columns) = (entry.shape[0], entry.shape[1])
        let isTall = rows > columns
        func matrix(_ buffer: FloatBuffer) -> FloatMatrix {
            buffer.matrix(at: entry.range.lowerBound, rows: rows, columns: columns)
        }
        let space = space(rows: min(rows, columns), columns: max(rows, columns))
        let (values, slopes, moment) = (matrix(parameters), matrix(gradients), matrix(moments))
        // Nesterov's look ahead: momentum once more over the new moment.
        var squares = 0.0
        for row in 0..<rows {
            let slope = slopes.row(row)
            moment.withMutableRow(row) { moment in
                for column in 0..<columns {
                    let gradient = slope[column] * gradientScale
                    moment[column] = momentum * moment[column] + gradient
                    let ahead = gradient + momentum * moment[column]
                    squares += Double(ahead) * Double(ahead)
                    if isTall {
                        space.x[column, row] = ahead
                    } else {
                        space.x[row, column] = ahead
                    }
                }
            }
        }
        let result = orthogonalize(space, norm: Float(squares.squareRoot()))
        let rate = learningRate * max(1, Float(rows) / Float(columns)).squareRoot()
        let kept = 1 - learningRate * weightDecay
        for row in 0..<rows {
            values.withMutableRow(row) { values in
                for column in 0..<columns {
                    let direction = isTall ? result[column, row] : result[row, column]
                    values[column] = kept * values[column] - rate * direction
                }
            }
        }
    }

    private func space(rows: Int, columns: Int) -> Space {
        let key = rows << 32 | columns
        if let space = spaces[key] { return space }
        let space = Space(rows: rows, columns: columns)
        spaces[key] = space
        return space
    }

    /// Drives the singular values of `space.x` towards 1.
    private func orthogonalize(_ space: Space, norm: Float) -> FloatMatrix {
        let scale = 1 / (norm + 1e-7)
        for row in 0..<space.x.rows {
            space.x.withMutableRow(row) { values in
                for column in values.indices { values[column] *= scale }
            }
        }
        var (x, next) = (space.x, space.next)
        for _ in 0..<Self.iterations {
            kernels.product(x.block(), x.block().transposed, into: space.gram.block())
            kernels.product(
                space.gram.block(), space.gram.block(), into: space.polynomial.block())
            for row in 0..<space.gram.rows {
                let gram = space.gram.row(row)
                space.polynomial.withMutableRow(row) { values in
                    for column in values.indices {
                        values[column] = Self.b * gram[column] + Self.c * values[column]
                    }
                    values[row] += Self.a
                }
            }
            kernels.product(space.polynomial.block(), x.block(), into: next.block())
            swap(&x, &next)
        }
        return x
    }
}
