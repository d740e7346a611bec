import Decoding
import Routing

/// All that a catalog holds and has done.
struct CatalogStatistics: Sendable {
    var decoding = EngineStatistics()
    var histograms = DecodingHistograms()
    var routing = RoutingStatistics()
    var loading = LoadingStatistics()

    /// Nothing.
    init() {}

    /// What `catalog` holds and has done by now.
    init(of catalog: ModelCatalog) {
        decoding = catalog.decoding
        histograms = catalog.decodingHistograms
        routing = catalog.routing
        loading = catalog.loading
    }

    /// What was done, without what is held: all that stays of a catalog that is gone.
    var counted: CatalogStatistics {
        var counted = self
        counted.decoding = decoding.counted
        counted.loading = loading.counted
        return counted
    }

    /// Adds what another holds and has done.
    mutating func add(_ other: CatalogStatistics) {
        decoding = EngineStatistics(sumOf: [decoding, other.decoding])
        histograms.add(other.histograms)
        routing.add(other.routing)
        loading.add(other.loading)
    }
}

extension LoadingStatistics {
    /// What loading took so far, without what is in memory.
    fileprivate var counted: LoadingStatistics {
        var counted = LoadingStatistics()
        counted.add(self)
        (counted.loaded, counted.byteCount, counted.waiting) = (0, 0, 0)
        return counted
    }

    /// Adds another's members; the limit stays.
    fileprivate mutating func add(_ other: LoadingStatistics) {
        loaded += other.loaded
        byteCount += other.byteCount
        waiting += other.waiting
        loads += other.loads
        failures += other.failures
        drops += other.drops
        seconds += other.seconds
    }
}

extension RoutingStatistics {
    /// Adds what others were promised; a promise's present width stays that of the first.
    fileprivate mutating func add(_ other: RoutingStatistics) {
        decisions.merge(other.decisions, uniquingKeysWith: +)
        forcedCloses.merge(other.forcedCloses, uniquingKeysWith: +)
        coverage.merge(other.coverage) { $0.counting($1) }
        overrunTokens += other.overrunTokens
    }
}
