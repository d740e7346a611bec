import Dispatch
import Synchronization

@testable import Inference

/// Members that take bytes and no weights, and notice what must not happen.
final class FakeMembers: MemberSource {
    struct State {
        var present: Set<Int> = []
        var loads: [Int] = []
        var drops: [Int] = []
        var broken: Set<Int> = []
        var mostBytes = 0
        var isLoading = false
        var violations: [String] = []
    }

    let sizes: [Int]
    let state = Mutex(State())
    /// Loads wait here, where there is one.
    private let gate: DispatchSemaphore?

    init(sizes: [Int], gated: Bool = false) {
        self.sizes = sizes
        gate = gated ? DispatchSemaphore(value: 0) : nil
    }

    var loads: [Int] { state.withLock { $0.loads } }
    var drops: [Int] { state.withLock { $0.drops } }

    /// Lets so many loads come to their end.
    func open(_ count: Int = 1) {
        for _ in 0..<count { gate?.signal() }
    }

    func holds(_ member: Int) -> Bool { state.withLock { $0.present.contains(member) } }

    func name(of member: Int) -> String { "member \(member)" }

    func byteCount(of member: Int) -> Int { sizes[member] }

    func load(_ member: Int) throws(ModelLoadingError) {
        state.withLock { state in
            state.loads.append(member)
            if state.isLoading { state.violations.append("two are loaded at once") }
            if state.present.contains(member) { state.violations.append("\(member) loaded twice") }
            state.isLoading = true
            let bytes = (state.present.union([member])).reduce(0) { $0 + sizes[$1] }
            state.mostBytes = max(state.mostBytes, bytes)
        }
        gate?.wait()
        let isBroken = state.withLock { state in
            state.isLoading = false
            if !state.broken.contains(member) { state.present.insert(member) }
            return state.broken.contains(member)
        }
        if isBroken { throw .checkpoint("member \(member) is broken") }
    }

    func drop(_ member: Int) {
        state.withLock { state in
            state.drops.append(member)
            if state.present.remove(member) == nil {
                state.violations.append("\(member) dropped twice")
            }
        }
    }
}
