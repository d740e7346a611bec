// swift-tools-version: 6.2
import PackageDescription

/// The rules every Swift target compiles under.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// C is compiled optimised in debug builds too: unoptimised intrinsics would make the tests crawl.
///
/// Contraction is off because a fused multiply-add is written out wherever one is meant; the
/// compiler must not add or drop any, or the fast kernels and their plain twins would disagree.
let kernelFlags: [CSetting] = [
    .unsafeFlags([
        "-std=c17", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-fno-math-errno",
    ])
]

/// The modules whose tests compare with files that reference implementations made.
let fixtures: Set = [
    "Kernels", "Checkpoints", "Models", "Tokenization", "Evaluation", "Training",
]

/// A module, the modules it may import, and its test suite.
func module(
    _ name: String, sees dependencies: [Target.Dependency] = [],
    testsSee more: [Target.Dependency] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: rules),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.target(name: name), "TestSupport"] + dependencies + more,
            exclude: fixtures.contains(name) ? ["Fixtures"] : [],
            swiftSettings: rules
        ),
    ]
}

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

// C floors: SIMD arithmetic, and the system's headers made importable
let floors: [Target] = [
    .target(name: "CKernels", cSettings: kernelFlags),
    .systemLibrary(
        name: "CSystem", pkgConfig: "openssl", providers: [.apt(["libssl-dev", "zlib1g-dev"])]),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: rules),
]

// checkpoint -> weights -> kernels
let weights =
    module("Kernels", sees: ["CKernels"])
    + module("Checkpoints", sees: ["Kernels"])
    + module("Models", sees: ["Kernels", "Checkpoints"])

// request -> route -> schedule -> decode -> stream
let inference =
    module("Tokenization")
    + module("Routing")
    + module("Grammars")
    + module("Decoding", sees: ["Models", "Grammars", deque])
    + module(
        "Inference",
        sees: [
            "Tokenization", "Routing", "Grammars", "Decoding", "Models", "Checkpoints",
            "Kernels",
        ])

// bytes -> requests -> the API
let wire =
    module("Sockets", sees: ["CSystem"])
    + module("HTTP", sees: ["Sockets", "CSystem", httpTypes, deque])
    + module("Accounts", sees: ["CSystem", database])
    + module(
        "Serving",
        sees: [
            "HTTP", "Accounts", "Evaluation", "Inference", "Routing", "Grammars", "Tokenization",
            httpTypes, logging,
        ],
        testsSee: ["Sockets"])

// problem -> samples -> verdict -> report, reward -> gradient -> checkpoint
let workshop =
    module("Evaluation", sees: ["Inference", "Routing", "Tokenization"])
    + module(
        "Training",
        sees: [
            "Evaluation", "Inference", "Routing", "Decoding", "Tokenization", "Models",
            "Checkpoints", "Kernels",
        ])

// speed: a server under load, results side by side
let instrument = module(
    "Benchmarking", sees: ["Sockets", "Tokenization", "Evaluation"], testsSee: ["HTTP", httpTypes])

let program: [Target] = [
    .executableTarget(
        name: "laconic",
        dependencies: [
            "Serving", "Accounts", "HTTP", "Sockets", "Inference", "Decoding", "Models",
            "Checkpoints", "Kernels", "Tokenization", "Routing", "Evaluation", "Training",
            "Benchmarking", "CSystem", argumentParser, logging,
        ],
        // The family that a fresh machine serves; its recipe is deploy/recipes/family.json.
        resources: [.copy("Resources/family")],
        swiftSettings: rules
    ),
    .testTarget(
        name: "laconicTests",
        dependencies: ["laconic", "Evaluation", "Serving", "Training", argumentParser],
        swiftSettings: rules),
    .testTarget(
        name: "EndToEndTests",
        dependencies: ["Serving", "HTTP", "Sockets", "Inference", "Kernels", logging],
        swiftSettings: rules),
]

/// What libFuzzer runs; built only by Tests/fuzz, which turns its instrumentation on.
let fuzzer: [Target] =
    Context.environment["LACONIC_FUZZ"] == nil
    ? []
    : [
        .target(
            name: "WireFuzzer", dependencies: ["HTTP", "Serving", "Tokenization"],
            path: "Tests/Fuzz",
            swiftSettings: rules)
    ]

let package = Package(
    name: "laconic",
    products: [.executable(name: "laconic", targets: ["laconic"])]
        // A library, for libFuzzer brings its own `main`.
        + (fuzzer.isEmpty
            ? []
            : [.library(name: "WireFuzzer", type: .dynamic, targets: ["WireFuzzer"])]),
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: floors + weights + inference + wire + workshop + instrument + program + fuzzer
)
