/// What turns the hidden state of a prompt into a few features; the members of a family share it.
///
///     feature = direction · hidden state           both of the member's hidden size
///
/// The directions are those in which the hidden states of the calibration problems differ most;
/// predictors take the mean off and scale, as they do with every feature.
public struct Probe: Sendable, Equatable, Codable {
    /// The member whose hidden state it reads.
    public var member: String
    /// `[features, hiddenSize]`.
    public var directions: [[Float]]

    /// A probe; see the properties.
    public init(member: String, directions: [[Float]]) {
        self.member = member
        self.directions = directions
    }

    /// The features of a hidden state.
    ///
    /// - Parameter hidden: The final norm's output at the last position of a prompt.
    /// - Returns: As many as directions; nil for a state of another size.
    public func features(of hidden: [Float]) -> [Double]? {
        guard directions.allSatisfy({ $0.count == hidden.count }) else { return nil }
        return directions.map { direction in
            zip(direction, hidden).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
    }
}
