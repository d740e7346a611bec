import Testing

@Suite struct DecodingTests {}
