import Sockets
import Synchronization

/// The connections that are open now.
final class ConnectionRegistry: Sendable {
    private struct Guarded {
        var connections: [ObjectIdentifier: Connection] = [:]
        /// How many there are of each client; none of those without any.
        var countByClient: [SocketAddress: Int] = [:]
        var number = 0
    }

    private let guarded = Mutex(Guarded())

    /// How many are open.
    var count: Int { guarded.withLock { $0.connections.count } }

    /// All of them.
    var all: [Connection] { guarded.withLock { Array($0.connections.values) } }

    /// A running number for a newcomer and how many are open before it, in all and of its client.
    func place(of peer: SocketAddress?) -> (number: Int, count: Int, clientCount: Int) {
        let client = peer?.client
        return guarded.withLock { guarded in
            guarded.number &+= 1
            let clientCount = client.map { guarded.countByClient[$0] ?? 0 } ?? 0
            return (guarded.number & .max, guarded.connections.count, clientCount)
        }
    }

    /// Enters a connection.
    func add(_ connection: Connection) {
        guarded.withLock { guarded in
            guarded.connections[ObjectIdentifier(connection)] = connection
            if let client = connection.client { guarded.countByClient[client, default: 0] += 1 }
        }
    }

    /// Takes a connection out.
    func remove(_ connection: Connection) {
        // Released outside the lock.
        let removed = guarded.withLock { guarded in
            let removed = guarded.connections.removeValue(forKey: ObjectIdentifier(connection))
            if removed != nil, let client = connection.client,
                let count = guarded.countByClient[client]
            {
                guarded.countByClient[client] = count > 1 ? count - 1 : nil
            }
            return removed
        }
        withExtendedLifetime(removed) {}
    }
}
