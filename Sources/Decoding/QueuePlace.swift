/// Where a sequence stands while it waits.
public struct QueuePlace: Sendable, Equatable {
    /// 1 is the next to be begun.
    public var position: Int
    /// Seconds until then, from how fast places freed up of late.
    public var seconds: Double

    /// A place in the queue.
    public init(position: Int, seconds: Double) {
        self.position = position
        self.seconds = seconds
    }
}
