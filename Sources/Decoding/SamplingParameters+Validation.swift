extension SamplingParameters {
    /// Checks every value against its range.
    ///
    /// - Parameter vocabularySize: Ids of `logitBias` are below it.
    /// - Throws: The first offence, `.invalidSampling` or `.tokenOutOfRange`.
    public func validate(vocabularySize: Int) throws(DecodingError) {
        try Self.require(
            temperature.isFinite && temperature >= 0, "temperature", temperature,
            "a finite number of at least 0")
        guard topK >= 0 else {
            throw .invalidSampling(field: "topK", value: Double(topK), range: "at least 0")
        }
        try Self.require(topP > 0 && topP <= 1, "topP", topP, "above 0 and at most 1")
        try Self.require(minP >= 0 && minP <= 1, "minP", minP, "0 to 1")
        try Self.require(
            repetitionPenalty.isFinite && repetitionPenalty > 0, "repetitionPenalty",
            repetitionPenalty, "a finite number above 0")
        try Self.require(
            abs(presencePenalty) <= 2, "presencePenalty", presencePenalty, "-2 to 2")
        try Self.require(
            abs(frequencyPenalty) <= 2, "frequencyPenalty", frequencyPenalty, "-2 to 2")
        // Sorted, so that of several offences the same one is always reported.
        for (id, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            guard id >= 0 && Int(id) < vocabularySize else {
                throw .tokenOutOfRange(
                    field: "logitBias", id: id, vocabularySize: vocabularySize)
            }
            try Self.require(bias.isFinite, "logitBias", bias, "finite numbers")
        }
    }

    private static func require(
        _ holds: Bool, _ field: String, _ value: Float, _ range: String
    ) throws(DecodingError) {
        guard holds else {
            throw .invalidSampling(field: field, value: Double(value), range: range)
        }
    }
}
