import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct AttentionTests {
    /// One attention problem: sequences with scattered pages and some cached tokens.
    private struct Problem {
        var (headCount, kvHeadCount, headDim, pageSize) = (0, 0, 0, 0)
        var lengths: [Int] = []
        var window: Int?
        var type = ElementType.f32
        var queries: [[[Float]]] = []  // [sequence][token][heads * headDim]
        var keys: [[[Float]]] = []  // [sequence][token][kvHeads * headDim]
        var values: [[[Float]]] = []

        init(_ generator: inout SeededGenerator, type: ElementType) {
            self.type = type
            kvHeadCount = Int.random(in: 1...3, using: &generator)
            headCount = kvHeadCount * Int.random(in: 1...4, using: &generator)
            headDim = [8, 16, 20, 64, 80, 128].randomElement(using: &generator) ?? 16
            pageSize = [1, 3, 16, 32].randomElement(using: &generator) ?? 16
            window =
                Bool.random(using: &generator) ? Int.random(in: 1...40, using: &generator) : nil
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let length = Int.random(in: 1...70, using: &generator)
                lengths.append(length)
                queries.append((0..<length).map { _ in generator.floats(headCount * headDim) })
                keys.append((0..<length).map { _ in generator.floats(kvHeadCount * headDim) })
                values.append((0..<length).map { _ in generator.floats(kvHeadCount * headDim) })
            }
        }

        /// Computes everything in passes of at most `chunk` tokens per sequence.
        func outputs(
            set: InstructionSet, threads: Int, chunk: Int, pageSize: Int, order: [Int]
        ) throws -> [[[Float]]] {
            let context = try KernelContext(
                pool: WorkerPool(threadCount: threads), instructionSet: set)
            let pagesPer = (70 + pageSize - 1) / pageSize
            let pages = try KVPageStore(
                elementType: type, layerCount: 2, pageCount: lengths.count * pagesPer + 1,
                pageSize: pageSize, kvHeadCount: kvHeadCount, headDim: headDim)
            let (width, kvWidth) = (headCount * headDim, kvHeadCount * headDim)
            var done = [Int](repeating: 0, count: lengths.count)
            var outputs = lengths.map { _ in [[Float]]() }
            while done != lengths {
                var (items, rows): ([SequenceRows], [[Float]]) = ([], [])
                var owners: [Int] = []
                for sequence in order where done[sequence] < lengths[sequence] {
                    let count = min(chunk, lengths[sequence] - done[sequence])
                    let table = (0..<pagesPer).map {
                        Int32(($0 * lengths.count + sequence) + 1)
                    }
                    items.append(
                        SequenceRows(
                            rows: rows.count..<rows.count + count, position: done[sequence],
                            blockTable: table))
                    for token in done[sequence]..<done[sequence] + count {
                        rows.append(
                            queries[sequence][token] + keys[sequence][token]
                                + values[sequence][token])
                        owners.append(sequence)
                    }
                    done[sequence] += count
                }
                let x = FloatMatrix(
                    rows.flatMap { $0 }, rows: rows.count, columns: width + 2 * kvWidth)
                let out = FloatMatrix(rows: rows.count, columns: width)
                context.writeKeysAndValues(
                    x, keyColumn: width, valueColumn: width + kvWidth, items: items, layer: 1,
                    pages: pages)
                context.attention(
                    x, headCount: headCount, items: items, layer: 1, pages: pages,
                    scale: 1 / Float(headDim).squareRoot(), slidingWindow: window, into: out)
                for (row, owner) in owners.enumerated() { outputs[owner].append(out.row(row)) }
            }
            return outputs
        }

        /// The definition, in double precision, for one token.
        func exact(sequence: Int, token: Int) throws -> [Double] {
            let first = window.map { max(0, token + 1 - $0) } ?? 0
            var result: [Double] = []
            for head in 0..<headCount {
                let kvHead = head / (headCount / kvHeadCount)
                let query = queries[sequence][token][head * headDim..<(head + 1) * headDim]
                var weights: [Double] = []
                for position in first...token {
                    let key = try cached(keys[sequence][position], kvHead)
                    let dot = zip(query, key).reduce(0.0) { $0 + Double($1.0) * $1.1 }
                    weights.append(exp(dot / Double(headDim).squareRoot()))
                }
                let total = weights.reduce(0, +)
                var sums = [Double](repeating: 0, count: headDim)
                for (index, weight) in weights.enumerated() {
                    let value = try cached(values[sequence][first + index], kvHead)
                    for d in 0..<headDim { sums[d] += weight / total * value[d] }
                }
                result += sums
            }
            return result
        }

        private func cached(_ row: [Float], _ kvHead: Int) throws -> [Double] {
            // whole blocks for q8_0: zeros behind change no scale
            let count = (headDim + 31) / 32 * 32
            let head = row[kvHead * headDim..<(kvHead + 1) * headDim]
            let padded = head + [Float](repeating: 0, count: count - headDim)
            return try TensorView(Array(padded), shape: [count]).converted(to: type).floats()
                .prefix(headDim).map(Double.init)
        }
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16, .q8_0])
    func `attention agrees with double precision`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 30)
        for _ in 0..<4 {
            let problem = Problem(&generator, type: type)
            let outputs = try problem.outputs(
                set: .detected, threads: 2, chunk: 13, pageSize: problem.pageSize,
                order: Array(problem.lengths.indices))
            for (sequence, length) in problem.lengths.enumerated() {
                for token in stride(from: 0, to: length, by: 7) {
                    let exact = try problem.exact(sequence: sequence, token: token)
                    for (value, wanted) in zip(outputs[sequence][token], exact) {
                        #expect(abs(Double(value) - wanted) < 4e-6)
                    }
                }
            }
        }
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16, .q8_0])
    func `results depend on the sequence alone`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<6 {
            let problem = Problem(&generator, type: type)
            let expected = try problem.outputs(
                set: .ref, threads: 1, chunk: 70, pageSize: 16,
                order: Array(problem.lengths.indices))
            for set in InstructionSet.available {
                let chunk = Int.random(in: 1...20, using: &generator)
                let outputs = try problem.outputs(
                    set: set, threads: Int.random(in: 1...3, using: &generator), chunk: chunk,
                    pageSize: problem.pageSize,
                    order: problem.lengths.indices.shuffled(using: &generator))
                #expect(bits(outputs) == bits(expected), "\(set) chunk \(chunk)")
            }
        }
    }

    private func bits(_ outputs: [[[Float]]]) -> [[[UInt32]]] {
        outputs.map { $0.map { $0.map(\.bitPattern) } }
    }

    @Test func `a store reserves what its shape says and refuses what it cannot be`() throws {
        let pages = try KVPageStore(
            elementType: .f16, layerCount: 28, pageCount: 8192, kvHeadCount: 2, headDim: 128)
        #expect(pages.bytesPerToken == 28_672)
        #expect(pages.byteCount == 28_672 * 16 * 8192)
        let bytes = try KVPageStore(
            elementType: .q8_0, layerCount: 28, pageCount: 8192, kvHeadCount: 2, headDim: 128)
        #expect(bytes.bytesPerToken == 15_232)
        // 72 dimensions have three scales
        #expect(ElementType.q8_0.cachedByteCount(headDim: 72) == 78)
        #expect(throws: KernelError.unsupportedCacheType(.q4_0)) {
            try KVPageStore(
                elementType: .q4_0, layerCount: 1, pageCount: 1, kvHeadCount: 1, headDim: 32)
        }
        #expect(throws: KernelError.invalidShape([1, .max, 16, 8, 128])) {
            try KVPageStore(layerCount: 1, pageCount: .max, kvHeadCount: 8, headDim: 128)
        }
        #expect(throws: KernelError.invalidShape([1, 1, 16, 8, .max])) {
            try KVPageStore(
                elementType: .q8_0, layerCount: 1, pageCount: 1, kvHeadCount: 8, headDim: .max)
        }
        #expect(throws: KernelError.invalidShape([1, 0, 16, 8, 128])) {
            try KVPageStore(layerCount: 1, pageCount: 0, kvHeadCount: 8, headDim: 128)
        }
    }
}
