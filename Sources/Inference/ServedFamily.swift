import Models
import Routing

/// A family as it is served: its members, whether loaded or not, and those that nobody trained.
struct ServedFamily: Sendable {
    /// The trained members.
    let members: [ReasoningModel]
    /// Which of them, and of those between, are in memory.
    let store: MemberStore
    private let scale: AlphaScale

    /// A family of these members, in the order of their numbers.
    init(members: [ReasoningModel], store: MemberStore, scale: AlphaScale) {
        self.members = members
        self.store = store
        self.scale = scale
    }

    /// The member with an alpha: a trained one, or the one between two.
    ///
    /// - Parameter alpha: As asked; between members it is rounded to hundredths.
    /// - Throws: `InferenceError.invalidRequest` beyond the members.
    /// - Returns: The member, whether loaded or not.
    func model(alpha: Double) throws(InferenceError) -> ReasoningModel {
        switch scale.place(of: alpha) {
        case .member(let number): return members[number]
        case .between(let gap): return between(gap)
        case nil:
            let expected =
                scale.range.map {
                    "\($0.lowerBound) to \($0.upperBound), the range of the family's members"
                } ?? "no alpha: the family's members have none"
            throw .invalidRequest(
                field: "alpha", message: "expected \(expected), found \(alpha)")
        }
    }

    /// The member between two that has this name; nil where there is none.
    func model(named name: String) -> ReasoningModel? {
        guard let alpha = FamilyDirectory.alpha(inName: name),
            case .between(let gap) = scale.place(of: alpha)
        else { return nil }
        let model = between(gap)
        return model.description.id == name ? model : nil
    }

    /// The members between others that are in memory or on their way.
    var mixed: [ReasoningModel] {
        store.mixedMembers.compactMap { scale.gap(atStep: $0 - members.count).map(between) }
    }

    private func between(_ gap: AlphaScale.Gap) -> ReasoningModel {
        let (lower, upper) = (members[gap.lower], members[gap.upper])
        var description = lower.description
        description.id = FamilyDirectory.name(lower.description.id, withAlpha: gap.alpha)
        description.alpha = gap.alpha
        description.between = [lower.description.id, upper.description.id]
        // Of this one nothing was measured.
        description.profile = []
        description.price = lower.description.price.flatMap { lower in
            upper.description.price.map { lower.mixed(with: $0, share: gap.share) }
        }
        var model = ReasoningModel(
            description: description, text: lower.text, engine: lower.engine,
            member: members.count + gap.step)
        model.store = store
        model.neighbours = [lower, upper]
        model.share = gap.share
        return model
    }
}

extension Price {
    /// The price between this one and another.
    fileprivate func mixed(with other: Price, share: Double) -> Price {
        Price(
            prompt: prompt + (other.prompt - prompt) * share,
            completion: completion + (other.completion - completion) * share)
    }
}
