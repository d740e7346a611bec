/// Whether short passes are quicker on one thread than on all.
///
/// To hand work to another thread takes as long as its processor is far away, and a host that
/// moves virtual processors about changes that within minutes: between two neighbours helpers bring
/// a fifth to a pass of 50 microseconds, from afar they double its time. So both ways are timed
/// again and again, on the passes that have to be run anyway:
///
///     pass     0 ..< 4     as before
///              4 ..< 8     the other way
///              8 ..< 512   the way whose quickest pass was quicker
///
/// Passes are told apart by the size of their batch, to a power of two.
public struct ThreadChoice: Sendable {
    private struct Record {
        var prefersAlone = false
        var pass = 0
        /// Seconds a row of the quickest pass so far, in this period.
        var own = Double.infinity
        var other = Double.infinity
    }

    private static let trial = 4
    private static let period = 512
    /// What takes longer with all threads is not tried alone.
    private static let longest = Duration.milliseconds(2)
    /// By how much the other way must be quicker, against a choice that flutters.
    private static let gain = 0.97

    private var records = [Record](repeating: Record(), count: Int.bitWidth + 1)

    /// Begins with all threads.
    public init() {}

    /// Whether the next pass of so many rows should run on the caller's thread alone.
    ///
    /// - Parameter rows: At least 0.
    /// - Returns: False for all threads.
    public func runsAlone(rows: Int) -> Bool {
        let record = records[Self.size(rows)]
        let isTrial = (Self.trial..<2 * Self.trial).contains(record.pass)
        return record.prefersAlone != isTrial
    }

    /// Notes how long a pass has taken, run as `runsAlone` said.
    ///
    /// - Parameters:
    ///   - time: From its beginning to its end.
    ///   - rows: As for `runsAlone`.
    public mutating func note(_ time: Duration, rows: Int) {
        let perRow = time / .seconds(1) / Double(max(1, rows))
        let size = Self.size(rows)
        var record = records[size]
        switch record.pass {
        case ..<Self.trial: record.own = min(record.own, perRow)
        case ..<(2 * Self.trial): record.other = min(record.other, perRow)
        default: break
        }
        record.pass += 1
        if record.pass == Self.trial, !record.prefersAlone, time > Self.longest {
            record.pass = 2 * Self.trial
        } else if record.pass == 2 * Self.trial, record.other < Self.gain * record.own {
            record.prefersAlone.toggle()
        } else if record.pass >= Self.period {
            record = Record(prefersAlone: record.prefersAlone)
        }
        records[size] = record
    }

    private static func size(_ rows: Int) -> Int { Int.bitWidth - rows.leadingZeroBitCount }
}
