import Accounts

extension KeyRing {
    /// A ring of keys without limits, named by their places.
    convenience init(plain keys: [String]) {
        self.init(
            keys.enumerated().map {
                Account(name: "account-\($0.offset)", digest: KeyDigest(of: $0.element.utf8))
            })
    }
}
