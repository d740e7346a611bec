import Testing

@testable import Checkpoints

@Suite struct SafetensorsHeaderTests {
    private func tensor(
        _ name: String = "a", type: String = "F32", shape: String = "[2]", offsets: String = "[0,8]"
    ) -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    @Test func headersSayWhereTensorsLieFromTheStartOfTheFile() throws {
        let header =
            "{\"__metadata__\":{\"format\":\"pt\"},"
            + tensor("b", type: "BF16", shape: "[2,3]", offsets: "[8,20]") + "," + tensor("a")
            + "}   "
        let parsed = try SafetensorsBuilder.parse(
            SafetensorsBuilder.file(header: header, dataByteCount: 20))
        let start = 8 + header.utf8.count
        #expect(parsed.metadata == ["format": "pt"])
        #expect(parsed.tensors.map(\.name) == ["b", "a"])
        #expect(parsed.tensors.map(\.shape) == [[2, 3], [2]])
        #expect(parsed.tensors.map(\.byteRange) == [start + 8..<start + 20, start..<start + 8])
        #expect(parsed.tensors.map(\.type.name) == ["BF16", "F32"])
    }

    @Test func scalarsEmptyTensorsAndNoTensorsAtAllAreValid() throws {
        _ = try SafetensorsBuilder.parse(SafetensorsBuilder.file(header: "{}"))
        let header =
            "{" + tensor("s", shape: "[]", offsets: "[0,4]") + ","
            + tensor("e", shape: "[0,4]", offsets: "[4,4]") + ","
            + tensor("z", shape: "[3,0]", offsets: "[0,0]") + "}"
        let parsed = try SafetensorsBuilder.parse(
            SafetensorsBuilder.file(header: header, dataByteCount: 4))
        #expect(parsed.tensors.map(\.elementCount) == [1, 0, 0])
    }

    @Test func lengthsThatLieAreErrors() {
        for (length, count) in [(100, 2), (3, 2), (100_000_001, 2), (UInt64.max, 2), (1 << 63, 2)] {
            let file = SafetensorsBuilder.file(
                header: String(repeating: " ", count: count), length: UInt64(length))
            #expect(throws: CheckpointError.self) { try SafetensorsBuilder.parse(file) }
        }
        #expect(
            SafetensorsBuilder.error { () throws(CheckpointError) in
                _ = try SafetensorsBuilder.parse([1, 0, 0])
            }
                == .truncated(
                    file: "x.safetensors", field: "header length", neededByteCount: 8,
                    availableByteCount: 3))
        #expect(SafetensorsBuilder.error(" {}") != nil, "the format wants '{' first")
        #expect(SafetensorsBuilder.error("") != nil)
        #expect(SafetensorsBuilder.error("[]") != nil)
        #expect(SafetensorsBuilder.error("{}x") != nil)
    }

    @Test func tensorsBeyondTheDataAreErrors() {
        #expect(
            SafetensorsBuilder.error("{" + tensor() + "}", dataByteCount: 7)
                == .tensorOutOfRange(
                    file: "x.safetensors", tensor: "a", begin: 0, end: 8, dataByteCount: 7))
        #expect(
            SafetensorsBuilder.error(
                "{" + tensor(offsets: "[9223372036854775799,9223372036854775807]") + "}",
                dataByteCount: 8) != nil)
    }

    @Test func overlapsAndHolesAreErrors() {
        let overlapping =
            "{" + tensor("a", shape: "[3]", offsets: "[0,12]") + ","
            + tensor("b", offsets: "[8,16]") + "}"
        #expect(
            SafetensorsBuilder.error(overlapping, dataByteCount: 16)
                == .tensorsOverlap(
                    file: "x.safetensors", tensor: "b", other: "a", byteOffset: 8))
        let nested =
            "{" + tensor("a", shape: "[4]", offsets: "[0,16]") + ","
            + tensor("b", shape: "[1]", offsets: "[4,8]") + "}"
        #expect(SafetensorsBuilder.error(nested, dataByteCount: 16) != nil)
        let twice = "{" + tensor("a") + "," + tensor("b") + "}"
        #expect(SafetensorsBuilder.error(twice, dataByteCount: 8) != nil)
        #expect(
            SafetensorsBuilder.error("{" + tensor(offsets: "[4,12]") + "}", dataByteCount: 12)
                == .unclaimedBytes(file: "x.safetensors", begin: 0, end: 4))
        #expect(
            SafetensorsBuilder.error("{" + tensor() + "}", dataByteCount: 9)
                == .unclaimedBytes(file: "x.safetensors", begin: 8, end: 9))
        let apart = "{" + tensor("a") + "," + tensor("b", offsets: "[12,20]") + "}"
        #expect(
            SafetensorsBuilder.error(apart, dataByteCount: 20)
                == .unclaimedBytes(file: "x.safetensors", begin: 8, end: 12))
    }

    @Test(arguments: [
        "[3]", "[1]", "[]", "[0]", "[-2]", "[2.0]", "[\"2\"]", "2", "null", "[null]", "[[2]]",
        "[9223372036854775807,9223372036854775807]", "[4611686018427387904,4]",
        "[9223372036854775808]", "[0,9223372036854775807,9223372036854775807]",
        "[1,1,1,1,1,1,1,1,2]", "[2,]", "[2", "{}",
    ])
    func shapesThatDoNotMakeTheBytesAreErrors(shape: String) {
        #expect(SafetensorsBuilder.error("{" + tensor(shape: shape) + "}", dataByteCount: 8) != nil)
    }

    @Test(arguments: [
        "[8,0]", "[0]", "[]", "[0,8,8]", "[-8,0]", "[0.0,8]", "[0,\"8\"]", "[0,9]", "[1,8]",
        "[0,18446744073709551616]", "8", "null",
    ])
    func offsetsThatDoNotFitTheShapeAreErrors(offsets: String) {
        #expect(
            SafetensorsBuilder.error("{" + tensor(offsets: offsets) + "}", dataByteCount: 8) != nil)
    }

    @Test func typesAreCheckedAndTheOnesNobodyComputesWithAreListed() throws {
        for type in ["f32", "F33", "", "BF16 ", "Q4_K"] {
            #expect(
                SafetensorsBuilder.error("{" + tensor(type: type) + "}", dataByteCount: 8) != nil)
        }
        for (type, shape) in [
            ("I64", "[1]"), ("I32", "[2]"), ("U8", "[8]"), ("BOOL", "[8]"), ("F64", "[1]"),
            ("F8_E4M3", "[8]"), ("F4", "[16]"),
        ] {
            let header = "{" + tensor(type: type, shape: shape) + "}"
            let parsed = try SafetensorsBuilder.parse(
                SafetensorsBuilder.file(header: header, dataByteCount: 8))
            #expect(parsed.tensors.first?.type.name == type)
            #expect(parsed.tensors.first?.type.elementType == nil)
        }
        #expect(
            SafetensorsBuilder.error(
                "{" + tensor(type: "F4", shape: "[15]") + "}", dataByteCount: 8) != nil,
            "half a byte is no size")
    }

    @Test(arguments: [
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}",
        "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":1,\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}",
        "{\"a\":null}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":1}",
        "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":[]}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}",
        "{\"__metadata__\":{},\"__metadata__\":{}}",
    ])
    func membersThatAreMissingRepeatedOrUnknownAreErrors(header: String) {
        #expect(SafetensorsBuilder.error(header, dataByteCount: 8) != nil)
    }

    @Test func aNameThatStandsTwiceIsAnError() {
        let header = "{" + tensor("a") + "," + tensor("\\u0061", offsets: "[8,16]") + "}"
        #expect(
            SafetensorsBuilder.error(header, dataByteCount: 16)
                == .duplicate(file: "x.safetensors", field: "tensors", name: "a"))
    }

    @Test func countsAreLimited() {
        var limits = CheckpointLimits()
        limits.tensorCount = 1
        limits.metadataCount = 1
        let two = "{" + tensor("a") + "," + tensor("b", offsets: "[8,16]") + "}"
        #expect(
            SafetensorsBuilder.error(two, dataByteCount: 16, limits: limits)
                == .limitExceeded(file: "x.safetensors", field: "tensors", found: 2, limit: 1))
        let metadata = "{\"__metadata__\":{\"a\":\"\",\"b\":\"\"}}"
        #expect(SafetensorsBuilder.error(metadata, limits: limits) != nil)
        limits.headerByteCount = 1
        #expect(
            SafetensorsBuilder.error("{}", limits: limits)
                == .limitExceeded(
                    file: "x.safetensors", field: "header length", found: 2, limit: 1))
    }

    @Test func namesAreLimited() {
        let longest = String(repeating: "n", count: 65_535)
        #expect(SafetensorsBuilder.error("{" + tensor(longest) + "}", dataByteCount: 8) == nil)
        #expect(
            SafetensorsBuilder.error("{" + tensor(longest + "n") + "}", dataByteCount: 8)
                == .limitExceeded(
                    file: "x.safetensors", field: "length of a name", found: 65_536,
                    limit: 65_535))
    }

    @Test func namesOutOfAFileCannotForgeLinesOrDriveATerminal() {
        let name = "evil\\nline\\u001b[31m" + String(repeating: "x", count: 2_000)
        let error = SafetensorsBuilder.error("{" + tensor(name, offsets: "[0,9]") + "}")
        let line = error?.description ?? ""
        #expect(line.contains("evil\\u{a}line\\u{1b}[31m"))
        #expect(!line.contains("\n") && !line.contains("\u{1b}"))
        #expect(line.count < 600)
    }
}
