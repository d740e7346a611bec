import Testing

@Suite struct InferenceTests {}
