import Testing

@Suite struct RoutingTests {}
