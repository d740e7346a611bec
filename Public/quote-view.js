import { element } from "./elements.js";
import { costOfThousand, count, duration, percent } from "./formats.js";

/** Who would answer and why, and what that usually takes. */
export class QuoteView {
    #parent;
    #meaning;

    constructor(parent, meaning) {
        this.#parent = parent;
        this.#meaning = meaning;
    }

    show(quote) {
        const { route } = quote;
        this.#parent.replaceChildren(
            element(
                "p", { class: "who" }, element("strong", {}, route.model),
                route.alpha === null || route.alpha === undefined
                    ? null : element("span", { class: "alpha" }, `α ${route.alpha}`)),
            element("p", { class: "why" }, route.explanation),
            facts(quote));
        this.#meaning.textContent = meaning(quote);
    }

    /** @param {string} text @param {HTMLElement|null} remedy a button that would help */
    refuse(text, remedy = null) {
        this.#parent.replaceChildren(element("p", { class: "why refused" }, text, " ", remedy));
        this.#meaning.textContent = "\u00a0";
    }
}

/** The budget in money and time: 99 of 100 such questions take no more. */
function meaning({ cost, latency_ms: latency }) {
    const most = [
        cost && `${costOfThousand(cost.p99)} for 1,000 answers`,
        latency && latency.p99 > 0 && duration(latency.p99),
    ].filter(Boolean);
    return most.length > 0 ? `at most about ${most.join(" · ")}` : "\u00a0";
}

function facts({ route, expected }) {
    const known = [
        ["right", expected.accuracy !== undefined && percent(expected.accuracy)],
        ["tokens", route.predicted_tokens && count(expected.tokens)],
        ["cost of 1,000", expected.cost !== undefined && costOfThousand(expected.cost)],
        ["time", expected.latency_ms > 0 && duration(expected.latency_ms)],
    ].filter(([, value]) => value);
    if (known.length === 0) {
        return element("p", { class: "why" }, "Nothing was measured of it yet.");
    }
    return element(
        "dl", { class: "facts" },
        ...known.map(([name, value]) =>
            element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}
