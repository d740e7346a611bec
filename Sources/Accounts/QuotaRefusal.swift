/// Why an account may not have what it asks for now.
public enum QuotaRefusal: Error, Equatable, Sendable {
    /// What a quota counts.
    public enum Kind: String, Sendable {
        /// Cost in the operator's unit.
        case spend
        /// Tokens of prompts, thoughts and answers.
        case tokens
    }

    /// More requests than its limit per minute; the next one is free after `seconds`.
    case tooManyRequests(limit: Int, seconds: Double)
    /// As many requests as it may have at a time.
    case tooManyAtOnce(limit: Int)
    /// A quota does not hold what the request may take: that much is left, and the quota is whole
    /// again after `seconds`.
    case exhausted(Kind, Account.Quota, left: Double, needed: Double, seconds: Double)
    /// It would hold it, were other requests of the account not under way.
    case heldByOthers(Kind, Account.Quota, needed: Double)
    /// Usage cannot be written down, so that a quota could not be kept.
    case ledgerFails
}

extension QuotaRefusal: CustomStringConvertible {
    /// One line: which limit, and what would be right.
    public var description: String {
        switch self {
        case .tooManyRequests(let limit, _):
            "the key may make \(limit) requests a minute"
        case .tooManyAtOnce(let limit):
            "the key may have \(limit) requests at a time"
        case .exhausted(let kind, let quota, let left, let needed, _):
            "the key's \(kind.rawValue) quota of \(Self.text(quota.limit)) a "
                + "\(quota.period.rawValue) has \(Self.text(left)) left"
                + (needed > left
                    ? ", and this request may take \(Self.text(needed)); a smaller budget may fit"
                    : "")
        case .heldByOthers(let kind, let quota, let needed):
            "the key's \(kind.rawValue) quota of \(Self.text(quota.limit)) a "
                + "\(quota.period.rawValue) does not hold the \(Self.text(needed)) that this "
                + "request may take while others of the key are under way"
        case .ledgerFails:
            "usage cannot be written down now, and a key with a quota is not served without"
        }
    }

    private static func text(_ amount: Double) -> String {
        Int(exactly: amount).map(String.init) ?? "\((amount * 1e12).rounded() / 1e12)"
    }
}
