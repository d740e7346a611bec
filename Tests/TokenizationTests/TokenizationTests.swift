import Testing

@Suite struct TokenizationTests {}
