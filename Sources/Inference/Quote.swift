public import Routing

/// What a request would get if it came now.
public struct Quote: Sendable, Equatable {
    /// Who would answer, under which ceilings, and why.
    public var route: Route
    /// Tokens in the prompt.
    public var promptTokens: Int
    /// What that member's tokens cost; nil where the operator set no price.
    public var price: Price?
    /// How fast it is now.
    public var load: Load
    /// The least budget that could be served.
    public var minimum: RoutingError.Minimum

    /// A quote; see the properties.
    public init(
        route: Route, promptTokens: Int, price: Price?, load: Load, minimum: RoutingError.Minimum
    ) {
        self.route = route
        self.promptTokens = promptTokens
        self.price = price
        self.load = load
        self.minimum = minimum
    }
}
