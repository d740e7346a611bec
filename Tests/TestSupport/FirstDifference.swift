/// Where two lists part; nil where they are equal.
///
/// For lists of many numbers: what the testing library tells of two unequal lists takes it minutes.
///
/// - Parameters:
///   - found: One list.
///   - expected: Another.
/// - Returns: The first index whose elements differ, or the shorter list's end.
public func firstDifference<Element: Equatable>(
    _ found: [Element], _ expected: [Element]
) -> Int? {
    if found == expected { return nil }
    let common = min(found.count, expected.count)
    return (0..<common).first { found[$0] != expected[$0] } ?? common
}
