import HTTP

/// How an API writes an error; statuses are the same in all of them.
enum ErrorShape: Sendable {
    /// OpenAI's object: `{"error":{"message":…,"type":…,"param":…,"code":…}}`.
    case object
    /// TGI's pair: `{"error":"…","error_type":"validation"}`.
    case pair
    /// Ollama's text: `{"error":"…"}`, of which its clients read a string.
    case text
}

extension ErrorBody {
    /// The whole document in the shape of an API.
    func json(as shape: ErrorShape) -> [UInt8] {
        JSONWriter.object { json in
            switch shape {
            case .object:
                write(into: &json)
            case .pair:
                json.field("error", message)
                json.field("error_type", pairType)
            case .text:
                json.field("error", message)
            }
        }
    }

    /// The class of error in TGI's words.
    private var pairType: String {
        switch status.code {
        case 401: "authentication"
        case 403: "permission"
        case 429, 503: "overloaded"
        case 500...: "generation"
        default: code == "template_error" ? "template_error" : "validation"
        }
    }
}
