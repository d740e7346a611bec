public import Tokenization
import Synchronization

/// The models of a server, which can be replaced while requests run.
///
///     replace(with: B) ──┐        ┌── the last request of A ended: A is freed
///     A  ────────────────┴────────┘
///     B                  └──────────────────────────────────
///
/// A request is answered to its end by the models that it began with; one that comes later finds
/// the new ones. Until the old are idle both are in memory. What was counted goes on from where it
/// stood, so that no counter ever falls.
public final class ReloadableCatalog: CompletionService {
    private struct State: Sendable {
        var tenure: CatalogTenure
        /// Replaced catalogs with requests under way.
        var retiring: [ObjectIdentifier: ModelCatalog] = [:]
        /// What catalogs did that are gone.
        var past = CatalogStatistics()
    }

    private let state: Mutex<State>

    /// Serves a catalog.
    ///
    /// - Parameter catalog: The models until others replace them.
    public init(_ catalog: ModelCatalog) {
        state = Mutex(State(tenure: CatalogTenure(catalog)))
    }

    /// What new requests find.
    public var current: ModelCatalog { tenure.catalog }

    /// Replaced catalogs that still answer requests.
    public var retiringCount: Int { state.withLock { $0.retiring.count } }

    /// Lets new requests find other models; those under way are not disturbed.
    ///
    /// - Parameter catalog: The models from here on, warm.
    public func replace(with catalog: ModelCatalog) {
        let old = state.withLock { state in
            let old = state.tenure
            state.retiring[ObjectIdentifier(old)] = old.catalog
            state.tenure = CatalogTenure(catalog)
            return old
        }
        // Ends with the last request that holds it, or here and now.
        old.whenEnded { [weak self] id, catalog in
            Task {
                // Its last step is counted only after the last token was told.
                await catalog.drain()
                self?.state.withLock { state in
                    guard state.retiring.removeValue(forKey: id) != nil else { return }
                    state.past.add(CatalogStatistics(of: catalog).counted)
                }
            }
        }
    }

    private var tenure: CatalogTenure { state.withLock { $0.tenure } }

    /// All that ever was served, gone or not.
    private var statistics: CatalogStatistics {
        let (current, retiring, past) = state.withLock { state in
            (state.tenure.catalog, Array(state.retiring.values), state.past)
        }
        var sum = CatalogStatistics(of: current)
        for catalog in retiring { sum.add(CatalogStatistics(of: catalog)) }
        sum.add(past)
        return sum
    }
}

extension ReloadableCatalog {
    /// What new requests find; see `ModelCatalog.models`.
    public var models: [ModelDescription] { current.models }

    /// A model of those that new requests find.
    public func model(called name: String) -> ModelDescription? { current.model(called: name) }

    /// Begins a completion; see `CompletionService`.
    public func complete(
        _ request: CompletionRequest
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        let tenure = tenure
        var request = request
        request.tenure = tenure
        return try await tenure.catalog.complete(request)
    }

    /// What a request would get now.
    public func quote(_ request: CompletionRequest) async throws(InferenceError) -> Quote {
        let tenure = tenure
        defer { withExtendedLifetime(tenure) {} }
        return try await tenure.catalog.quote(request)
    }

    /// Text to ids; see `CompletionService`.
    public func tokenize(
        _ text: String, addSpecialTokens: Bool, parsesSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport] {
        try current.tokenize(
            text, addSpecialTokens: addSpecialTokens, parsesSpecialTokens: parsesSpecialTokens,
            model: model)
    }

    /// A model's special tokens and template.
    public func tokenizer(ofModel model: String?) throws(InferenceError) -> TokenizerDescription {
        try current.tokenizer(ofModel: model)
    }

    /// Ids to text; see `CompletionService`.
    public func detokenize(_ ids: [Int32], model: String?) throws(InferenceError) -> String {
        try current.detokenize(ids, model: model)
    }

    /// The chat template's text for a conversation.
    public func applyTemplate(
        _ conversation: [String: TemplateValue], model: String?
    ) throws(InferenceError) -> String {
        try current.applyTemplate(conversation, model: model)
    }

    /// What all catalogs promised and what came of it.
    public var routing: RoutingStatistics { statistics.routing }

    /// What the weights in memory take, and what loading took so far.
    public var loading: LoadingStatistics { statistics.loading }

    /// What the decode loops hold and have done.
    public var decoding: EngineStatistics { statistics.decoding }

    /// How the steps of all decode loops went.
    public var decodingHistograms: DecodingHistograms { statistics.histograms }

    /// The oldest heartbeat of all decode loops that may have work.
    public var secondsSinceHeartbeat: Double {
        serving.map(\.secondsSinceHeartbeat).max() ?? 0
    }

    /// Waits until each decode loop that may have work has turned.
    public func waitForTurn() async {
        for catalog in serving { await catalog.waitForTurn() }
    }

    private var serving: [ModelCatalog] {
        state.withLock { [$0.tenure.catalog] + $0.retiring.values }
    }
}

/// The time in which a catalog answers: held by its requests, over with the last of them.
final class CatalogTenure: Sendable {
    typealias Ending = @Sendable (_ id: ObjectIdentifier, _ catalog: ModelCatalog) -> Void

    let catalog: ModelCatalog
    private let ending = Mutex<Ending?>(nil)

    init(_ catalog: ModelCatalog) {
        self.catalog = catalog
    }

    deinit {
        ending.withLock { $0 }?(ObjectIdentifier(self), catalog)
    }

    /// Sets what happens when nobody holds it any more.
    func whenEnded(_ ending: @escaping Ending) {
        self.ending.withLock { $0 = ending }
    }
}
