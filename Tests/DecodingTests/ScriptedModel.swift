import Dispatch
import Foundation
import Models
import Synchronization

/// A model whose pages hold token ids and whose logits are a hash of the history they spell.
///
/// It knows a sequence only by reading it back through the block table, so a wrong table, a wrong
/// position or a page in two hands changes what is drawn. What it can see is wrong at once, it
/// notes in its log.
final class ScriptedModel: LanguageModel {
    /// What tests may read while the engine owns the model.
    final class Log: Sendable {
        struct Entries {
            var violations: [String] = []
            var steps = 0
            var tokensPerStep: [Int] = []
            var rowsPerStep: [Int] = []
            var threads: Set<ObjectIdentifier> = []
            var threadNames: Set<String?> = []
        }

        let entries = Mutex(Entries())

        var violations: [String] { entries.withLock { $0.violations } }
        var steps: Int { entries.withLock { $0.steps } }
    }

    struct Shape: Sendable {
        var vocabularySize = 24
        var contextLength = 512
        var pageSize = 4
        var pageCount = 64
        var memberCount = 2
        /// Tokens that the logits depend on; a model that remembers few repeats itself.
        var memory = Int.max
    }

    /// A hidden state is the beginning of the logits.
    static let hiddenSize = 5

    let vocabularySize: Int
    let contextLength: Int
    let pageSize: Int
    let pageCount: Int
    let memberCount: Int
    private let memory: Int
    let log = Log()

    private let gate: StepGate?
    private var pages: [(member: Int, token: Int32)]

    init(_ shape: Shape = Shape(), gate: StepGate? = nil) {
        vocabularySize = shape.vocabularySize
        contextLength = shape.contextLength
        pageSize = shape.pageSize
        pageCount = shape.pageCount
        memberCount = shape.memberCount
        memory = shape.memory
        self.gate = gate
        pages = Array(repeating: (-1, -1), count: shape.pageCount * shape.pageSize)
    }

    /// The logits after `history`, in a range of about 6.
    static func logits(after history: [Int32], member: Int, vocabularySize: Int) -> [Float] {
        var hash = 0xcbf2_9ce4_8422_2325 ^ UInt64(member)
        for token in history {
            hash = (hash ^ UInt64(truncatingIfNeeded: token)) &* 0x100_0000_01b3
            hash ^= hash >> 29
        }
        return (0..<vocabularySize).map { id in
            var mixed = hash &+ UInt64(id) &* 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            // Sixteenths make ties common, which tests the rule for them.
            return Float((mixed >> 40) % 96) / 16
        }
    }

    func forward(_ batch: ForwardBatch) -> Logits {
        gate?.arrive()
        noteViolations(in: batch)
        for item in batch.items {
            for (offset, token) in item.tokens.enumerated() {
                pages[slot(item, item.position + offset)] = (item.member, token)
            }
        }
        var (values, hidden): ([Float], [Float]) = ([], [])
        for item in batch.items {
            let last = item.tokens.count - 1
            let wanted: Range<Int> =
                switch item.logitRows {
                case .none: 0..<0
                case .last, .hidden: last..<last + 1
                case .all: 0..<last + 1
                }
            for offset in wanted {
                let slots = (0...item.position + offset).map { pages[slot(item, $0)] }
                if slots.contains(where: { $0.member != item.member }) {
                    note("a page of another member, or an unwritten one, was read")
                }
                let row = Self.logits(
                    after: slots.suffix(memory).map(\.token), member: item.member,
                    vocabularySize: vocabularySize)
                if item.logitRows == .hidden {
                    hidden += row.prefix(Self.hiddenSize)
                } else {
                    values += row
                }
            }
        }
        return Logits(values: values, hidden: hidden, vocabularySize: vocabularySize)
    }

    private func slot(_ item: ForwardBatch.Item, _ position: Int) -> Int {
        Int(item.blockTable[position / pageSize]) * pageSize + position % pageSize
    }

    private func noteViolations(in batch: ForwardBatch) {
        log.entries.withLock { log in
            log.steps += 1
            log.tokensPerStep.append(batch.items.reduce(0) { $0 + $1.tokens.count })
            log.rowsPerStep.append(batch.logitRowCount)
            log.threads.insert(ObjectIdentifier(Thread.current))
            log.threadNames.insert(Thread.current.name)
        }
        if batch.items.isEmpty { note("an empty batch") }
        var users: [Int32: Int] = [:]
        for item in batch.items {
            if item.tokens.isEmpty { note("an item without tokens") }
            if item.blockTable.count * pageSize < item.position + item.tokens.count {
                note("a block table that does not cover its tokens")
            }
            for page in Set(item.blockTable) { users[page, default: 0] += 1 }
            if Set(item.blockTable).count < item.blockTable.count { note("a page used twice") }
        }
        for item in batch.items {
            let end = item.position + item.tokens.count
            for page in item.position / pageSize...(end - 1) / pageSize
            where users[item.blockTable[page]] != 1 {
                note("a shared page was written")
            }
        }
    }

    private func note(_ violation: String) {
        log.entries.withLock { $0.violations.append(violation) }
    }
}

/// Holds a model's forward passes until the test lets them go.
final class StepGate: Sendable {
    private let permits = DispatchSemaphore(value: 0)
    private let arrivals = Mutex(0)

    /// Forward passes that have begun.
    var arrived: Int { arrivals.withLock { $0 } }

    func arrive() {
        arrivals.withLock { $0 += 1 }
        permits.wait()
    }

    /// Lets further passes through.
    func open(_ steps: Int = 1) {
        for _ in 0..<steps { permits.signal() }
    }

    /// Waits until that many passes have begun.
    func waitForArrival(_ count: Int) async throws {
        while arrived < count { try await Task.sleep(for: .milliseconds(1)) }
    }
}
