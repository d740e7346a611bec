import Testing
import Training

@Suite struct TrainingErrorTests {
    @Test func aSettingIsNamedWithWhatWouldBeRight() {
        let error = TrainingError.setting(name: "alpha", expected: "0 up to 1", found: "1.5")
        #expect(error.description == "alpha: expected 0 up to 1, found 1.5")
    }
}
