import Synchronization

/// The connections that are open now.
final class ConnectionRegistry: Sendable {
    private struct Guarded {
        var connections: [ObjectIdentifier: Connection] = [:]
        var number = 0
    }

    private let guarded = Mutex(Guarded())

    /// How many are open.
    var count: Int { guarded.withLock { $0.connections.count } }

    /// All of them.
    var all: [Connection] { guarded.withLock { Array($0.connections.values) } }

    /// A running number for a newcomer and how many are open before it.
    func place() -> (number: Int, count: Int) {
        guarded.withLock { guarded in
            guarded.number &+= 1
            return (guarded.number & .max, guarded.connections.count)
        }
    }

    /// Enters a connection.
    func add(_ connection: Connection) {
        guarded.withLock { $0.connections[ObjectIdentifier(connection)] = connection }
    }

    /// Takes a connection out.
    func remove(_ connection: Connection) {
        // Released outside the lock.
        let removed = guarded.withLock {
            $0.connections.removeValue(forKey: ObjectIdentifier(connection))
        }
        withExtendedLifetime(removed) {}
    }
}
