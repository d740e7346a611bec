/// Randomness as a function of seed and step, with no state between draws.
///
/// Draw `t` of seed `s` is `mix(mix(s + g) + (t + 1) * g)`, where `mix` is the finaliser of
/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) and `g`
/// its increment. A sequence's t-th token takes draw t, so what it draws depends neither on the
/// batch nor on how often anything else was drawn. The inner `mix` keeps neighbouring seeds from
/// walking the same path.
struct CounterGenerator: Sendable {
    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15
    private let key: UInt64

    init(seed: UInt64) {
        key = Self.mix(seed &+ Self.increment)
    }

    /// Draw `step`, uniform over 64 bits.
    func bits(step: Int) -> UInt64 {
        Self.mix(key &+ (UInt64(truncatingIfNeeded: step) &+ 1) &* Self.increment)
    }

    /// Draw `step`, uniform over the multiples of 2^-53 in [0, 1).
    func uniform(step: Int) -> Double {
        Double(bits(step: step) >> 11) * 0x1p-53
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
