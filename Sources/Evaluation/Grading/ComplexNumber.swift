import Foundation

/// A complex number of two doubles, with principal values throughout.
struct ComplexNumber {
    var real: Double
    var imaginary: Double

    init(_ real: Double, _ imaginary: Double = 0) {
        self.real = real
        self.imaginary = imaginary
    }

    var magnitude: Double { hypot(real, imaginary) }
    var isFinite: Bool { real.isFinite && imaginary.isFinite }

    static func + (left: Self, right: Self) -> Self {
        Self(left.real + right.real, left.imaginary + right.imaginary)
    }

    static func - (left: Self, right: Self) -> Self {
        Self(left.real - right.real, left.imaginary - right.imaginary)
    }

    static func * (left: Self, right: Self) -> Self {
        Self(
            left.real * right.real - left.imaginary * right.imaginary,
            left.real * right.imaginary + left.imaginary * right.real)
    }

    static func / (left: Self, right: Self) -> Self {
        // Real operands take the short way, which also keeps large ones from overflowing.
        if right.imaginary == 0 {
            return Self(left.real / right.real, left.imaginary / right.real)
        }
        let norm = right.real * right.real + right.imaginary * right.imaginary
        return Self(
            (left.real * right.real + left.imaginary * right.imaginary) / norm,
            (left.imaginary * right.real - left.real * right.imaginary) / norm)
    }

    var exponential: Self {
        let scale = Foundation.exp(real)
        return imaginary == 0
            ? Self(scale)
            : Self(scale * Foundation.cos(imaginary), scale * Foundation.sin(imaginary))
    }

    var logarithm: Self {
        Self(Foundation.log(magnitude), Foundation.atan2(imaginary, real))
    }

    func raised(to exponent: Self) -> Self {
        if real == 0, imaginary == 0 {
            return exponent.real > 0 ? Self(0) : Self(exponent.real == 0 ? 1 : .nan)
        }
        if imaginary == 0, exponent.imaginary == 0,
            real > 0 || exponent.real == exponent.real.rounded()
        {
            return Self(Foundation.pow(real, exponent.real))
        }
        return (exponent * logarithm).exponential
    }

    var sine: Self {
        Self(
            Foundation.sin(real) * Foundation.cosh(imaginary),
            Foundation.cos(real) * Foundation.sinh(imaginary))
    }

    var cosine: Self {
        Self(
            Foundation.cos(real) * Foundation.cosh(imaginary),
            -Foundation.sin(real) * Foundation.sinh(imaginary))
    }
}
