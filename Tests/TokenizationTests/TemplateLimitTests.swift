import Glibc
import Synchronization
import TestSupport
import Testing
import Tokenization

@Suite struct TemplateLimitTests {
    /// Runs `body` on a thread with a stack of half a megabyte, the smallest that a server has.
    static func onSmallStack(_ body: @escaping @Sendable () -> Void) {
        final class Work: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, 512 << 10)
        var thread = pthread_t()
        let work = unsafe Unmanaged.passRetained(Work(body))
        unsafe pthread_create(
            &thread, &attributes,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, unsafe work.toOpaque())
        pthread_join(thread, nil)
        unsafe pthread_attr_destroy(&attributes)
    }

    /// The error of a source, found on a small stack; nil if it renders.
    static func failure(
        _ source: String, _ variables: [String: TemplateValue] = [:],
        limits: TemplateLimits = .default
    ) -> TemplateError? {
        let box = Box(source: source, variables: variables, limits: limits)
        onSmallStack { box.run() }
        return box.error.withLock { $0 }
    }

    final class Box: Sendable {
        let source: String
        let variables: [String: TemplateValue]
        let limits: TemplateLimits
        let error = Mutex<TemplateError?>(nil)

        init(source: String, variables: [String: TemplateValue], limits: TemplateLimits) {
            self.source = source
            self.variables = variables
            self.limits = limits
        }

        func run() {
            do {
                _ = try ChatTemplate(source: source, limits: limits).render(variables)
            } catch {
                self.error.withLock { $0 = error }
            }
        }
    }

    static func repeated(_ text: String, _ count: Int = 20_000) -> String {
        String(repeating: text, count: count)
    }

    static let deep: [String] = [
        "{{ " + repeated("(") + repeated(")") + " }}",
        "{{ " + repeated("[") + repeated("]") + " }}",
        "{{ " + repeated("{1:") + "1" + repeated("}") + " }}",
        "{{ " + repeated("not ") + "1 }}",
        "{{ " + repeated("-") + "1 }}",
        "{{ " + repeated("- ") + "1 }}",
        "{{ x" + repeated(".a") + " }}",
        "{{ x" + repeated("[0]") + " }}",
        "{{ x" + repeated("()") + " }}",
        "{{ x" + repeated("|upper") + " }}",
        "{{ x" + repeated(" is odd") + " }}",
        "{{ " + repeated("1 if 1 else ") + "1 }}",
        "{{ 1" + repeated(" if 1") + " }}",
        "{{ " + repeated("x(") + repeated(")") + " }}",
        "{{ " + repeated("(x|upper|upper|upper|upper") + repeated(")") + " }}",
        repeated("{% if 1 %}"),
        repeated("{% for x in y %}"),
        repeated("{% set x %}"),
        "{% set " + repeated("(") + "a" + repeated(")") + " = 1 %}",
        repeated("{% macro m() %}"),
        repeated("{% filter upper %}"),
    ]

    @Test(arguments: deep.indices)
    func deepSourceIsRefusedWithoutOverflowingTheStack(_ index: Int) {
        guard let error = Self.failure(Self.deep[index]) else {
            Issue.record("accepted")
            return
        }
        switch error {
        case .limit(.nesting, _, _), .syntax: break
        default: Issue.record("\(error)")
        }
    }

    @Test func longChainsOfOneOperatorAreNotDeep() throws {
        for symbol in ["+", "~", "-", "*", "and", "or"] {
            let source = "{{ 1" + Self.repeated(" \(symbol) 1") + " }}"
            #expect(Self.failure(source) == nil, "\(symbol)")
        }
        #expect(Self.failure("{{ 1" + Self.repeated(" < 1") + " }}") == nil)
        #expect(
            Self.failure("{% if 0 %}" + Self.repeated("{% elif 0 %}") + "{% endif %}")
                == nil)
    }

    static let recursion: [String] = [
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(x) %}{% for i in [1] %}{% if 1 %}{{ f([x]) | upper }}{% endif %}{% endfor %}{% endmacro %}{{ f(1) }}",
        "{% macro f() %}{{ caller is defined }}{% call f() %}{% endcall %}{% endmacro %}{{ f() }}",
        "{% macro f() %}{% set x %}{{ f() }}{% endset %}{% endmacro %}{{ f() }}",
        "{% macro f() %}{{ (((((((((((1 + f() ~ 2))))))))))) }}{% endmacro %}{{ f() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set ns = namespace(x=1) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}",
        "{% set ns = namespace(x=1) %}{% for i in range(90000) %}{% set ns.x = {'a': ns.x} %}{% endfor %}",
        "{% set ns = namespace(x=1) %}{% for i in range(90000) %}{% set ns.x = cycler(ns.x) %}{% endfor %}",
        "{% set ns = namespace(x={}) %}{% for i in range(90000) %}{% set ns.x = {'a': ns.x.get} %}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x }}",
    ]

    @Test(arguments: recursion)
    func endlessRecursionIsRefusedWithoutOverflowingTheStack(_ source: String) {
        guard case .limit(.nesting, _, _)? = Self.failure(source) else {
            Issue.record("\(String(describing: Self.failure(source)))")
            return
        }
    }

    @Test func longChainsOfObjectsAreFreedWithoutRecursion() {
        let sources = [
            "{% set ns = namespace(x=1) %}{% for i in range(50000) %}{% set ns.x = namespace(y=ns.x) %}{% endfor %}",
            "{% set ns = namespace(x=1) %}{% for i in range(50000) %}{% for y in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}",
            "{% set ns = namespace(x=1) %}{% for i in range(50000) %}{% set y = ns.x %}{% macro m() %}{{ y }}{% endmacro %}{% set ns.x = m %}{% endfor %}",
            "{% set ns = namespace(x='') %}{% for i in range(50000) %}{% set ns.x = joiner(ns.x) %}{% endfor %}",
        ]
        for source in sources { _ = Self.failure(source) }
    }

    static let large: [String] = [
        "{{ 'a' * 10 ** 9 }}",
        "{{ 10 ** 9 * 'a' }}",
        "{{ [1] * 10 ** 9 }}",
        "{{ (1, 2) * 9223372036854775807 }}",
        "{{ '' * 9223372036854775807 ~ 'a' * 9223372036854775807 }}",
        "{{ range(10 ** 9) }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ 2 ** 64 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ (-9223372036854775807 - 1) // -1 }}",
        "{{ -(-9223372036854775807 - 1) }}",
        "{{ (-9223372036854775807 - 1) | abs }}",
        "{{ 9223372036854775808 }}",
        "{{ '99999999999999999999' | int }}",
        "{{ 1e300 | int }}",
        "{{ 'a'.center(10 ** 9) }}",
        "{{ 'a'.zfill(10 ** 9) }}",
        "{{ 'a'.ljust(9223372036854775807) }}",
        "{{ '\t'.expandtabs(10 ** 9) }}",
        "{{ 'a' | indent(10 ** 9, true) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (10 ** 9, 1) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:.999999999f}'.format(1.0) }}",
        "{{ [1] | tojson(indent=10 ** 9) }}",
        "{{ [1] | batch(10 ** 9, 0) | list }}",
        "{{ [1] | slice(10 ** 9) | list }}",
        "{{ ('a' * 10 ** 6).replace('a', 'b' * 1000) }}",
        "{{ ('a' * 10 ** 6).replace('', 'b' * 1000) }}",
        "{{ ('a' * 1000).join(('b' * 100000) | list) }}",
        "{{ ('a' * 10 ** 7) ~ ('a' * 10 ** 7) }}",
        "{{ ('a' * 10 ** 7) + ('a' * 10 ** 7) }}",
        "{{ ('a' * 10 ** 7) }}{{ ('a' * 10 ** 7) }}",
        "{% set x = 'a' * 10 ** 6 %}{% for i in range(100) %}{{ x }}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(50) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(50) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(50) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
        "{{ 'a'[::-9223372036854775807 - 1] }}{{ 'ab'[-9223372036854775807 - 1] }}{{ 5[1] + 1 }}",
        "{{ 'abc'.find('a', -9223372036854775807 - 1) + 'x' }}",
    ]

    @Test(arguments: large)
    func resultsThatGrowTooLargeAreRefusedBeforeTheyAreMade(_ source: String) {
        let clock = ContinuousClock()
        let start = clock.now
        var limits = TemplateLimits.default
        limits.maximumSteps = 300_000
        #expect(Self.failure(source, limits: limits) != nil)
        #expect(clock.now - start < .seconds(10))
    }

    @Test func deepDataIsRefusedWithoutOverflowingTheStack() {
        var value = TemplateValue.integer(1)
        for _ in 0..<2_000 { value = .array([value]) }
        guard case .limit(.nesting, _, _)? = Self.failure("{{ x }}", ["x": value]) else {
            Issue.record("accepted")
            return
        }
        var shallow = TemplateValue.integer(1)
        for _ in 0..<40 { shallow = .object([.init(key: "a", value: shallow)]) }
        for source in ["{{ x }}", "{{ x | tojson }}", "{{ x | tojson(indent=1) }}", "{{ x == x }}"]
        {
            #expect(Self.failure(source, ["x": shallow]) == nil)
        }
    }

    @Test func sourceOutputAndStepsKeepToTheirLimits() {
        var limits = TemplateLimits.default
        limits.maximumSourceBytes = 10
        #expect(
            Self.failure("12345678901", limits: limits)
                == .limit(.sourceBytes, line: 1, maximum: 10))
        #expect(Self.failure("1234567890", limits: limits) == nil)
        limits = .default
        limits.maximumOutputBytes = 10
        #expect(Self.failure("12345{{ '67890' }}", limits: limits) == nil)
        #expect(
            Self.failure("12345\n{{ '678901' }}", limits: limits)
                == .limit(.outputBytes, line: 2, maximum: 10))
        limits = .default
        limits.maximumSteps = 100
        #expect(
            Self.failure("{% for x in range(1000) %}{% endfor %}", limits: limits)
                == .limit(.steps, line: 1, maximum: 100))
    }

    @Test func mutatedTemplatesEndInTextOrAnError() throws {
        var generator = SeededGenerator(seed: 2)
        let conversations = try TemplateFixtures.json("conversations.json")
        let variables = try TemplateFixtures.variables(conversations["two-calls"])
        let pieces = [
            "{%", "%}", "{{", "}}", "-", "(", ")", "[", "]", "'", "|", "1", ".", "is", "if",
        ]
        var limits = TemplateLimits.default
        limits.maximumSteps = 20_000
        for name in ["r1-distill", "llama-3.1", "qwen3", "granite-3.3", "mistral-nemo"] {
            let source = Array(try TemplateFixtures.source(name).unicodeScalars)
            for _ in 0..<40 {
                var mutant = source
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: 0..<mutant.count, using: &generator)
                    let length = min(Int.random(in: 0...6, using: &generator), mutant.count - place)
                    let piece = pieces.randomElement(using: &generator) ?? ""
                    mutant.replaceSubrange(place..<place + length, with: piece.unicodeScalars)
                }
                var view = String.UnicodeScalarView()
                view.append(contentsOf: mutant)
                let box = Box(source: String(view), variables: variables, limits: limits)
                box.run()
                _ = box.error.withLock { $0?.description }
            }
        }
    }
}
