import Testing

@testable import Decoding

@Suite struct StepPaceTests {
    @Test func `the estimate follows a slower step at once and a faster one by an eighth`() {
        var pace = StepPace()
        for milliseconds in [100, 300, 300] {
            pace.note(.milliseconds(milliseconds), hadPrompt: false)
        }
        #expect(abs((pace.secondsOfDecode() ?? 0) - 0.3) < 1e-9)
        pace.note(.milliseconds(140), hadPrompt: false)
        #expect(abs((pace.secondsOfDecode() ?? 0) - 0.28) < 1e-9)
        #expect(pace.secondsWithPrompt == nil)
    }

    @Test func `steps fit as often as their time goes into what is left`() {
        var pace = StepPace()
        #expect(pace.stepsFitting(in: .seconds(1), promptSteps: 3) > 1_000_000)
        pace.note(.milliseconds(125), hadPrompt: false)
        #expect(pace.stepsFitting(in: .seconds(1), promptSteps: 0) == 8)
        #expect(pace.stepsFitting(in: .milliseconds(124), promptSteps: 0) == 0)
        #expect(pace.stepsFitting(in: .zero, promptSteps: 0) == 0)
        #expect(pace.stepsFitting(in: .seconds(-1), promptSteps: 2) == 0)
    }

    @Test func `steps with prompts are slow only for as long as there are prompts`() {
        var pace = StepPace()
        pace.note(.milliseconds(125), hadPrompt: false)
        pace.note(.seconds(2), hadPrompt: true)
        #expect(pace.stepsFitting(in: .seconds(5), promptSteps: 0) == 40)
        #expect(pace.stepsFitting(in: .seconds(5), promptSteps: 2) == 2 + 8)
        #expect(pace.stepsFitting(in: .seconds(3), promptSteps: 2) == 1)
    }

    @Test func `a full batch's steps say nothing of a lone sequence's, once those are known`() {
        var pace = StepPace()
        pace.note(.milliseconds(800), hadPrompt: false, sequences: 30)
        #expect(pace.secondsOfDecode(sequences: 1) == 0.8)
        pace.note(.milliseconds(100), hadPrompt: false, sequences: 1)
        pace.note(.milliseconds(800), hadPrompt: false, sequences: 32)
        #expect(pace.secondsOfDecode(sequences: 1) == 0.1)
        #expect(pace.secondsOfDecode(sequences: 17) == 0.8)
        #expect(pace.secondsOfDecode(sequences: 2) == 0.8)
        #expect(pace.secondsOfDecode(sequences: 1000) == 0.8)
        #expect(pace.stepsFitting(in: .seconds(1), promptSteps: 0, sequences: 1) == 10)
    }
}
