/// What the lengths of a reply count.
enum LengthUnit: String {
    /// Tokens, as the caller counted them.
    case given = "tokens"
    /// Tokens of the served model's tokenizer.
    case modelTokens = "model_tokens"
    /// Bytes of UTF-8, where no model is served: nearer to tokens than characters are, since
    /// scripts with longer characters put fewer of them into a token.
    case bytes = "utf8_bytes"
}
