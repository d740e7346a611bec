/// How the threads share passes: the way that has been quickest of late.
///
/// To hand work to another thread takes as long as its processor is far away, and a host that
/// moves virtual processors about changes that within minutes: between two neighbours helpers bring
/// a fifth to a pass of 50 microseconds, from afar they double its time. So all ways are timed
/// again and again, on the passes that have to be run anyway:
///
///     4 passes   as before
///     4 passes   another way
///     4 passes   the third, where the batch can be divided
///     the rest of 512 passes, or of 30 seconds, with the way whose quickest pass was quickest
///
/// A trial of long passes ends after a tenth of a second. Passes are told apart by the size of their
/// batch, to a power of two, and by whether it can be divided.
public struct ThreadChoice: Sendable {
    /// How threads share a pass; what cannot be divided has no `apart`, which therefore is the last.
    public enum Way: Int, CaseIterable, Sendable {
        /// All of them share every operation.
        case together
        /// The caller's does everything.
        case alone
        /// Each takes some of the rows from the first operation to the last.
        case apart
    }

    /// Some passes, and how long they took.
    private struct Span {
        var passes = 0
        var time = Duration.zero

        mutating func add(_ pass: Duration) {
            passes += 1
            time += pass
        }

        func fills(_ limit: Span) -> Bool { passes >= limit.passes || time >= limit.time }
    }

    private struct Record {
        var preferred = Way.together
        var period = Span()
        /// Trials of this period that have ended.
        var trials = 0
        /// Of the one that goes on.
        var trial = Span()
        /// Seconds a row of each way's quickest pass so far, in this period.
        var quickest = [Double](repeating: .infinity, count: Way.allCases.count)

        /// The way on trial, of the first `wayCount`; nil once all were tried.
        func onTrial(of wayCount: Int) -> Way? {
            trials < wayCount ? Way(rawValue: (preferred.rawValue + trials) % wayCount) : nil
        }

        mutating func note(_ time: Duration, perRow: Double, wayCount: Int) {
            period.add(time)
            if let way = onTrial(of: wayCount) {
                noteTrial(of: way, time, perRow: perRow)
                let isNew = trial.passes == 0
                if isNew, onTrial(of: wayCount) == .alone, time > ThreadChoice.longestAlone {
                    trials += 1
                }
                if trials == wayCount { choose() }
            } else if period.fills(ThreadChoice.wholePeriod) {
                self = Record(preferred: preferred)
            }
        }

        private mutating func noteTrial(of way: Way, _ time: Duration, perRow: Double) {
            quickest[way.rawValue] = min(quickest[way.rawValue], perRow)
            trial.add(time)
            if trial.fills(ThreadChoice.wholeTrial) {
                trials += 1
                trial = Span()
            }
        }

        private mutating func choose() {
            let own = quickest[preferred.rawValue]
            let best = Way.allCases.min { quickest[$0.rawValue] < quickest[$1.rawValue] }
            if let best, quickest[best.rawValue] < ThreadChoice.gain * own { preferred = best }
        }
    }

    private static let wholeTrial = Span(passes: 4, time: .milliseconds(100))
    private static let wholePeriod = Span(passes: 512, time: .seconds(30))
    /// What takes longer is not tried alone: there is enough to share.
    private static let longestAlone = Duration.milliseconds(2)
    /// By how much another way must be quicker, against a choice that flutters.
    private static let gain = 0.97

    private var records = [Record](repeating: Record(), count: 2 * (Int.bitWidth + 1))

    /// Begins with all threads together.
    public init() {}

    /// How the next pass should run.
    ///
    /// - Parameters:
    ///   - rows: Its tokens, at least 0.
    ///   - isDivisible: Whether they may be dealt out.
    /// - Returns: Never `apart` for what is not divisible.
    public func way(rows: Int, isDivisible: Bool) -> Way {
        let record = records[Self.place(rows, isDivisible)]
        return record.onTrial(of: Self.wayCount(isDivisible)) ?? record.preferred
    }

    /// Notes how long a pass has taken, run as `way` said.
    ///
    /// - Parameters:
    ///   - time: From its beginning to its end.
    ///   - rows: As for `way`.
    ///   - isDivisible: As for `way`.
    public mutating func note(_ time: Duration, rows: Int, isDivisible: Bool) {
        let perRow = time / .seconds(1) / Double(max(1, rows))
        records[Self.place(rows, isDivisible)].note(
            time, perRow: perRow, wayCount: Self.wayCount(isDivisible))
    }

    private static func wayCount(_ isDivisible: Bool) -> Int {
        isDivisible ? Way.allCases.count : Way.apart.rawValue
    }

    private static func place(_ rows: Int, _ isDivisible: Bool) -> Int {
        2 * (Int.bitWidth - rows.leadingZeroBitCount) + (isDivisible ? 1 : 0)
    }
}
