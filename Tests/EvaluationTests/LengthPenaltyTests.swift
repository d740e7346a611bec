import Evaluation
import Foundation
import Testing

@Suite struct LengthPenaltyTests {
    /// Lengths, verdicts, alpha and rewards as the authors of arXiv 2502.04463 compute them.
    struct Vector {
        let lengths: [Int]
        let isCorrect: [Bool]
        let alpha: Double
        let rewards: [Double]
    }

    static let vectors = [
        Vector(
            lengths: [256, 128, 512], isCorrect: [true, false, true], alpha: 0.2,
            rewards: [0.946212, 0, 0.853788]),
        Vector(
            lengths: [100, 200, 300, 400], isCorrect: [true, true, true, false], alpha: 0.1,
            rewards: [0.97729, 0.95, 0.92271, 0]),
        Vector(lengths: [100, 200], isCorrect: [true, false], alpha: 0.4, rewards: [0.8, 0]),
        Vector(
            lengths: [100, 200, 300, 400, 500, 600, 700, 800],
            isCorrect: [true, true, true, true, false, false, true, true], alpha: 0.1,
            rewards: [0.977639, 0.970091, 0.961268, 0.951637, 0, 0, 0.924718, 0.918142]),
    ]

    @Test(arguments: vectors.indices)
    func `rewards are the paper's`(index: Int) {
        let vector = Self.vectors[index]
        let rewards = LengthPenalty(alpha: vector.alpha).rewards(
            lengths: vector.lengths, isCorrect: vector.isCorrect)
        #expect(zip(rewards, vector.rewards).allSatisfy { abs($0 - $1) < 5.1e-7 }, "\(rewards)")
    }

    @Test func `advantages leave a response out of its own mean`() {
        let rewards = LengthPenalty(alpha: 0.1).rewards(
            lengths: Self.vectors[3].lengths, isCorrect: Self.vectors[3].isCorrect)
        let expected = [
            0.302517, 0.29389, 0.283807, 0.2728, -0.814785, -0.814785, 0.242036, 0.23452,
        ]
        let found = LeaveOneOut.advantages(of: rewards)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 5.1e-6 }, "\(found)")
        #expect(abs(found.reduce(0, +)) < 1e-12)
        #expect(LeaveOneOut.advantages(of: [1, 0]) == [1, -1])
        #expect(LeaveOneOut.advantages(of: [0.5, 0.5, 0.5]) == [0, 0, 0])
    }

    @Test func `advantages grow with alpha where all are right: no deviation divides them`() {
        let lengths = [100, 200, 300]
        let spreads = [0.1, 0.2, 0.4].map { alpha in
            let rewards = LengthPenalty(alpha: alpha).rewards(
                lengths: lengths, isCorrect: [true, true, true])
            return LeaveOneOut.advantages(of: rewards)[0]
        }
        #expect(abs(spreads[1] / spreads[0] - 2) < 1e-9)
        #expect(abs(spreads[2] / spreads[0] - 4) < 1e-9)
    }

    @Test func `every right answer beats every wrong one, whatever the lengths`() {
        for alpha in [0, 0.4, 0.999] {
            let rewards = LengthPenalty(alpha: alpha).rewards(
                lengths: [1, 32_000, 5, 1_000_000], isCorrect: [true, true, false, false])
            #expect(rewards[0] >= rewards[1] && rewards[1] >= 1 - alpha && rewards[1] > 0)
            #expect(rewards[2...] == [0, 0])
        }
    }

    @Test
    func `without alpha length is free; equal lengths and a lone right answer lose half of it`() {
        let free = LengthPenalty(alpha: 0).rewards(lengths: [9, 1], isCorrect: [true, true])
        #expect(free == [1, 1])
        let penalty = LengthPenalty(alpha: 0.4)
        #expect(penalty.rewards(lengths: [7, 7], isCorrect: [true, true]) == [0.8, 0.8])
        #expect(penalty.rewards(lengths: [7, 900], isCorrect: [true, false]) == [0.8, 0])
        #expect(penalty.rewards(lengths: [7, 8], isCorrect: [false, false]) == [0, 0])
    }

    @Test func `wrong responses do not move the rewards of right ones`() {
        let penalty = LengthPenalty(alpha: 0.2)
        let alone = penalty.rewards(lengths: [10, 30], isCorrect: [true, true])
        let among = penalty.rewards(
            lengths: [10, 99_999, 30, 1], isCorrect: [true, false, true, false])
        #expect([among[0], among[2]] == alone)
    }

    @Test(arguments: [
        ("1+1=2.\n</think>\n\\boxed{2}", true), ("x</think>The answer is \\boxed{2}.", true),
        ("x</think>\\boxed{3}", false), ("\\boxed{2}", false), ("\\boxed{2}</think>", false),
        ("\\boxed{2}</think>\\boxed{2}", false), ("x</think>\\boxed{2} \\boxed{2}", false),
        ("x</think>\\boxed{3} \\boxed{2}", false), ("x</think>y</think>\\boxed{2}", false),
        ("x</think>\\boxed{ 2}", false), ("x</think>\\boxed{22}", false), ("", false),
    ])
    func `only one thought and one box with the answer win`(response: String, isCorrect: Bool) {
        #expect(StrictGrading.isCorrect(response, answer: "2") == isCorrect)
    }
}
