/// Tasks to resume once the connection's lock is free again.
///
/// Resumed under the lock, a task could come back for the lock on another thread and wait for
/// nothing; cancelled under it, it would wait for ever.
struct Wakeups {
    /// What a connection's task gets when it asks for the next request.
    typealias Arrival = Result<HTTPRequest, HTTPError>

    var request: (waiter: CheckedContinuation<Arrival?, Never>, arrival: Arrival?)?
    var body: (waiter: BodyWaiter, result: Result<[UInt8]?, HTTPError>)?
    var writes: [(waiter: WriteWaiter, result: Result<Void, HTTPError>)] = []
    var ended: CheckedContinuation<Void, Never>?

    typealias BodyWaiter = CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>
    typealias WriteWaiter = CheckedContinuation<Result<Void, HTTPError>, Never>

    /// Resumes them.
    func fire() {
        if let request { request.waiter.resume(returning: request.arrival) }
        if let body { body.waiter.resume(returning: body.result) }
        for write in writes { write.waiter.resume(returning: write.result) }
        ended?.resume()
    }
}
