/// How the threads share short passes: the way that has been quickest of late.
///
/// To hand work to another thread takes as long as its processor is far away, and a host that
/// moves virtual processors about changes that within minutes: between two neighbours helpers bring
/// a fifth to a pass of 50 microseconds, from afar they double its time. So all ways are timed
/// again and again, on the passes that have to be run anyway:
///
///     pass     0 ..< 4     as before
///              4 ..< 8     another way
///              8 ..< 12    the third, where there are several sequences
///             12 ..< 512   the way whose quickest pass was quickest
///
/// Passes are told apart by the size of their batch, to a power of two, and by whether several
/// sequences are in it.
public struct ThreadChoice: Sendable {
    /// How threads share a pass; a single sequence is not dealt out, so that `apart` is the last.
    public enum Way: Int, CaseIterable, Sendable {
        /// All of them share every operation.
        case together
        /// The caller's does everything.
        case alone
        /// Each takes some of the sequences from the first operation to the last.
        case apart
    }

    private struct Record {
        var preferred = Way.together
        var pass = 0
        /// Seconds a row of each way's quickest pass so far, in this period.
        var quickest = [Double](repeating: .infinity, count: Way.allCases.count)

        /// The way on trial, of the first `wayCount`; nil once all were tried.
        func onTrial(of wayCount: Int) -> Way? {
            let trial = pass / ThreadChoice.trial
            return trial < wayCount ? Way(rawValue: (preferred.rawValue + trial) % wayCount) : nil
        }

        mutating func note(_ time: Duration, perRow: Double, wayCount: Int) {
            if let way = onTrial(of: wayCount)?.rawValue {
                quickest[way] = min(quickest[way], perRow)
            }
            pass += 1
            let trialsEnd = wayCount * ThreadChoice.trial
            if pass == ThreadChoice.trial, preferred == .together, time > ThreadChoice.longest {
                pass = trialsEnd
            } else if pass == trialsEnd {
                let own = quickest[preferred.rawValue]
                let best = Way.allCases.min { quickest[$0.rawValue] < quickest[$1.rawValue] }
                if let best, quickest[best.rawValue] < ThreadChoice.gain * own { preferred = best }
            } else if pass >= ThreadChoice.period {
                self = Record(preferred: preferred)
            }
        }
    }

    private static let trial = 4
    private static let period = 512
    /// What takes longer with all threads is not tried otherwise.
    private static let longest = Duration.milliseconds(2)
    /// By how much another way must be quicker, against a choice that flutters.
    private static let gain = 0.97

    private var records = [Record](repeating: Record(), count: 2 * (Int.bitWidth + 1))

    /// Begins with all threads together.
    public init() {}

    /// How the next pass should run.
    ///
    /// - Parameters:
    ///   - rows: Its tokens, at least 0.
    ///   - sequences: Whose they are.
    /// - Returns: Never `apart` for fewer than two sequences.
    public func way(rows: Int, sequences: Int) -> Way {
        let place = Self.place(rows, sequences)
        return records[place].onTrial(of: Self.wayCount(sequences)) ?? records[place].preferred
    }

    /// Notes how long a pass has taken, run as `way` said.
    ///
    /// - Parameters:
    ///   - time: From its beginning to its end.
    ///   - rows: As for `way`.
    ///   - sequences: As for `way`.
    public mutating func note(_ time: Duration, rows: Int, sequences: Int) {
        let perRow = time / .seconds(1) / Double(max(1, rows))
        records[Self.place(rows, sequences)].note(
            time, perRow: perRow, wayCount: Self.wayCount(sequences))
    }

    private static func wayCount(_ sequences: Int) -> Int {
        sequences > 1 ? Way.allCases.count : Way.apart.rawValue
    }

    private static func place(_ rows: Int, _ sequences: Int) -> Int {
        2 * (Int.bitWidth - rows.leadingZeroBitCount) + (sequences > 1 ? 1 : 0)
    }
}
