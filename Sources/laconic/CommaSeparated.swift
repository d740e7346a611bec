import ArgumentParser

/// Values of flags that are lists.
enum CommaSeparated {
    /// Reads `1,8,32`.
    static func counts(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let number = Int(word), (1...1_000_000).contains(number) else {
                throw ValidationError("'\(text)': expected numbers from 1, such as 1,8")
            }
            return number
        }
    }
}
