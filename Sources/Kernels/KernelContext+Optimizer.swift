import CKernels

extension KernelContext {
    /// One step of AdamW on some elements, in f32 and in the order of `torch.optim.AdamW`.
    ///
    ///     p *= 1 - learningRate * weightDecay
    ///     m += (1 - beta1) * (g - m)
    ///     v = beta2 * v + (1 - beta2) * g²
    ///     p -= learningRate / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon)
    ///
    /// - Parameters:
    ///   - parameters: p, changed.
    ///   - gradients: g, before `gradientScale`.
    ///   - firstMoments: m, changed.
    ///   - secondMoments: v, changed. All four are different buffers.
    ///   - range: Which elements of each.
    ///   - settings: The settings.
    public func adamStep(
        parameters: FloatBuffer, gradients: FloatBuffer, firstMoments: FloatBuffer,
        secondMoments: FloatBuffer, range: Range<Int>, settings: AdamStep
    ) {
        let buffers = [parameters, gradients, firstMoments, secondMoments]
        precondition(Set(buffers.map(ObjectIdentifier.init)).count == 4, "a buffer used twice")
        for buffer in buffers { buffer.check(range) }
        let parameters = unsafe UncheckedMutablePointer(parameters.base + range.lowerBound)
        let gradients = unsafe UncheckedMutablePointer(gradients.base + range.lowerBound)
        let first = unsafe UncheckedMutablePointer(firstMoments.base + range.lowerBound)
        let second = unsafe UncheckedMutablePointer(secondMoments.base + range.lowerBound)
        let isa = isa
        forRows(range.count, cost: 1) { share in
            var arguments = unsafe settings.arguments
            unsafe arguments.parameters = parameters.floats + share.lowerBound
            unsafe arguments.gradients = UnsafePointer(gradients.floats + share.lowerBound)
            unsafe arguments.first_moments = first.floats + share.lowerBound
            unsafe arguments.second_moments = second.floats + share.lowerBound
            unsafe arguments.count = share.count
            unsafe ck_adam_step(isa, &arguments)
        }
        withExtendedLifetime(buffers) {}
    }

    /// Elements whose squares one task adds up; fixed, so that the order of the sum is, too.
    private static let squaresBlock = 1 << 16

    /// The sum of the squares of some elements, in f64.
    ///
    /// Adds up blocks of 65536 elements, counted from the start of the range, and then the blocks.
    ///
    /// - Parameters:
    ///   - buffer: Gradients, say.
    ///   - range: Which elements.
    /// - Returns: The sum; NaN or infinity where an element is.
    public func sumOfSquares(_ buffer: FloatBuffer, range: Range<Int>) -> Double {
        buffer.check(range)
        let source = unsafe UncheckedMutablePointer(buffer.base + range.lowerBound)
        let (isa, size, count) = (isa, Self.squaresBlock, range.count)
        var sums = [Double](repeating: 0, count: (count + size - 1) / size)
        unsafe sums.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let results = unsafe UncheckedMutablePointer(base)
            forRows(bytes.count / MemoryLayout<Double>.stride, cost: size) { share in
                for block in share {
                    let start = block * size
                    let sum = unsafe ck_sum_of_squares(
                        isa, source.floats + start, min(size, count - start))
                    unsafe results.pointer.storeBytes(
                        of: sum, toByteOffset: block * MemoryLayout<Double>.stride, as: Double.self)
                }
            }
        }
        withExtendedLifetime(buffer) {}
        return sums.reduce(0, +)
    }

    /// `target += share * (source - target)`: a step of an exponential moving average.
    ///
    /// - Parameters:
    ///   - target: Changed.
    ///   - source: Another buffer.
    ///   - share: From 0, no change, to 1.
    ///   - range: Which elements of both.
    public func blend(
        _ target: FloatBuffer, toward source: FloatBuffer, by share: Float, range: Range<Int>
    ) {
        unsafe forElements(range, of: target, and: source) { isa, target, source, count in
            unsafe ck_blend(isa, target, source, share, count)
        }
    }

    /// `target += source`.
    ///
    /// - Parameters:
    ///   - target: Changed.
    ///   - source: Another buffer.
    ///   - range: Which elements of both.
    public func add(_ target: FloatBuffer, _ source: FloatBuffer, range: Range<Int>) {
        unsafe forElements(range, of: target, and: source) { isa, target, source, count in
            unsafe ck_add(isa, target, source, count)
        }
    }

    /// Overwrites a buffer with another.
    ///
    /// - Parameters:
    ///   - source: What to copy.
    ///   - target: Of the same size.
    public func copy(from source: FloatBuffer, to target: FloatBuffer) {
        precondition(
            source.count == target.count, "\(source.count) floats copied to \(target.count)")
        unsafe forElements(0..<source.count, of: target, and: source) { _, target, source, count in
            unsafe target.update(from: source, count: count)
        }
    }

    /// `buffer *= factor`.
    ///
    /// - Parameters:
    ///   - buffer: Changed.
    ///   - factor: The factor.
    ///   - range: Which elements.
    public func scale(_ buffer: FloatBuffer, by factor: Float, range: Range<Int>) {
        buffer.check(range)
        let target = unsafe UncheckedMutablePointer(buffer.base + range.lowerBound)
        let isa = isa
        forRows(range.count, cost: 1) { share in
            unsafe ck_scale(isa, target.floats + share.lowerBound, factor, share.count)
        }
        withExtendedLifetime(buffer) {}
    }

    /// Runs `body` over shares of two buffers; it gets the instruction set, both and a count.
    private func forElements(
        _ range: Range<Int>, of target: FloatBuffer, and source: FloatBuffer,
        _ body:
            @escaping @Sendable (
                Int32, UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int
            ) -> Void
    ) {
        precondition(target !== source, "a buffer used twice")
        target.check(range)
        source.check(range)
        let to = unsafe UncheckedMutablePointer(target.base + range.lowerBound)
        let from = unsafe UncheckedMutablePointer(source.base + range.lowerBound)
        let isa = isa
        forRows(range.count, cost: 1) { share in
            unsafe body(
                isa, to.floats + share.lowerBound,
                UnsafePointer(from.floats + share.lowerBound), share.count)
        }
        withExtendedLifetime((target, source)) {}
    }
}
