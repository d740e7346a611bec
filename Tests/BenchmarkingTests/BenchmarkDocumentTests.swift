import Foundation
import Testing

@testable import Benchmarking

@Suite struct BenchmarkDocumentTests {
    @Test func `a percentile is the least value that so many do not exceed`() {
        let values = (1...10).map(Double.init)
        for (percent, value) in [(1.0, 1.0), (10, 1), (50, 5), (90, 9), (99, 10), (100, 10)] {
            #expect(values.percentile(percent) == value)
        }
        #expect([7].percentile(50) == 7 && [Double]().percentile(50).isNaN)
    }

    @Test func `a document is read back as it was written`() throws {
        let one = document([row("a", [3, 1, 2])])
        #expect(one.rows[0].median == 2 && one.rows[0].minimum == 1 && one.rows[0].maximum == 3)
        try withFile(try one.json()) { path in
            let read = try BenchmarkDocument(path: path)
            #expect(read == one)
        }
    }

    @Test(arguments: [
        ("{", "expected a document"), ("{\"schema\":\"other/1\"}", "found 'other/1'"),
        ("{\"schema\":\"laconic.bench/1\"}", "missing or wrong fields"), ("[]", "something else"),
    ])
    func `a file of another kind is refused by name`(text: String, reason: String) throws {
        try withFile(text) { path in
            let error = try #require(throws: BenchmarkError.self) {
                _ = try BenchmarkDocument(path: path)
            }
            #expect("\(error)".contains(path) && "\(error)".contains(reason), "\(error)")
        }
        #expect(throws: BenchmarkError.file(path: "/none", reason: "cannot be read")) {
            _ = try BenchmarkDocument(path: "/none")
        }
    }

    @Test func `the processor's name is found, or said to be unknown`() {
        #expect(
            BenchmarkMachine.processor(cpuinfo: "processor\t: 0\nmodel name\t: EPYC: 9\n")
                == "EPYC: 9")
        #expect(BenchmarkMachine.processor(cpuinfo: "") == "unknown")
    }
}
