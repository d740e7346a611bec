/// The scripts that patterns may name, as the reference's pattern engine knows them.
enum UnicodeScripts {
    /// The code points of `\p{name}`; `nil` for a script that is not carried.
    static func set(named name: String) -> ScalarSet? {
        let bounds: [UInt32]
        switch name.lowercased() {
        case "arabic": bounds = arabic
        case "armenian": bounds = armenian
        case "bengali": bounds = bengali
        case "cyrillic": bounds = cyrillic
        case "devanagari": bounds = devanagari
        case "georgian": bounds = georgian
        case "greek": bounds = greek
        case "gujarati": bounds = gujarati
        case "han": bounds = han
        case "hangul": bounds = hangul
        case "hebrew": bounds = hebrew
        case "hiragana": bounds = hiragana
        case "kannada": bounds = kannada
        case "katakana": bounds = katakana
        case "khmer": bounds = khmer
        case "lao": bounds = lao
        case "latin": bounds = latin
        case "malayalam": bounds = malayalam
        case "mongolian": bounds = mongolian
        case "myanmar": bounds = myanmar
        case "sinhala": bounds = sinhala
        case "tamil": bounds = tamil
        case "telugu": bounds = telugu
        case "thai": bounds = thai
        case "tibetan": bounds = tibetan
        default: return nil
        }
        return ScalarSet(bounds: bounds)
    }
}
