import Testing
import Training

@Suite struct LearningScheduleTests {
    @Test func `without warm-up and decay the rate is full at every step`() {
        let schedule = LearningSchedule(stepCount: 10)
        #expect((1...10).allSatisfy { schedule.factor(step: $0) == 1 })
    }

    @Test func `warm-up rises in equal steps and reaches the full rate at its last`() {
        let schedule = LearningSchedule(stepCount: 100, warmupSteps: 4)
        #expect((1...5).map { schedule.factor(step: $0) } == [0.25, 0.5, 0.75, 1, 1])
    }

    @Test func `decay falls in equal steps over its share, and would be 0 a step after the end`() {
        let schedule = LearningSchedule(stepCount: 20, decayShare: 0.2)
        #expect((1...16).allSatisfy { schedule.factor(step: $0) == 1 })
        for (step, expected) in [(17, 0.8), (18, 0.6), (19, 0.4), (20, 0.2), (21, 0)] {
            #expect(abs(schedule.factor(step: step) - expected) < 1e-12)
        }
    }

    @Test(arguments: [(0, 0.0), (7, 0.0), (0, 1.0), (50, 0.9), (300, 0.5)])
    func `the factor is in (0, 1], rises, and then falls`(warmup: Int, decay: Double) {
        let schedule = LearningSchedule(stepCount: 100, warmupSteps: warmup, decayShare: decay)
        let factors = (1...100).map { schedule.factor(step: $0) }
        #expect(factors.allSatisfy { $0 > 0 && $0 <= 1 })
        let top = factors.firstIndex(of: factors.max() ?? 0) ?? 0
        #expect(zip(factors[...top], factors[...top].dropFirst()).allSatisfy { $0 <= $1 })
        #expect(zip(factors[top...], factors[top...].dropFirst()).allSatisfy { $0 >= $1 })
    }

    @Test func `steps beyond the end have no rate`() {
        let schedule = LearningSchedule(stepCount: 10, decayShare: 0.5)
        #expect(schedule.factor(step: 500) == 0)
    }
}
