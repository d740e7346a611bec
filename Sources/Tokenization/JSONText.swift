/// JSON's spelling of strings and numbers, as Python's `json.dumps` writes them.
enum JSONText {
    /// A string in quotes.
    static func quoted(_ text: String, escapesNonASCII: Bool = false) -> String {
        var result: [UInt8] = [0x22]
        result.reserveCapacity(text.utf8.count + 2)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += [0x5C, 0x22]
            case "\\": result += [0x5C, 0x5C]
            case "\n": result += [0x5C, 0x6E]
            case "\r": result += [0x5C, 0x72]
            case "\t": result += [0x5C, 0x74]
            case "\u{8}": result += [0x5C, 0x62]
            case "\u{C}": result += [0x5C, 0x66]
            default:
                if scalar.value < 0x20 || (escapesNonASCII && scalar.value > 0x7E) {
                    for unit in String(scalar).utf16 {
                        result += Array(
                            "\\u\(PythonText.hexadecimal(UInt32(unit), width: 4))".utf8)
                    }
                } else {
                    result += Array(String(scalar).utf8)
                }
            }
        }
        result.append(0x22)
        return String(decoding: result, as: UTF8.self)
    }

    /// A real number, with Python's names for those that JSON lacks.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return PythonNumber.text(value)
    }
}
