import { element } from "./elements.js";
import { count } from "./formats.js";

/**
 * The budget as a bar: the share of the thought, the share that is kept for the answer, what is
 * spent of each, and above it the tokens that such questions usually take.
 */
export class Meter {
    #bar = element("div", { class: "bar" });
    #usual = element("div", { class: "usual" }, element("span"));
    #room = element("div", { class: "room" });
    #thought = element("div", { class: "fill thought" });
    #answer = element("div", { class: "fill answer" });
    #text = element("p", { class: "meter-text" });

    constructor(parent) {
        const track = element("div", { class: "track" }, this.#room, this.#thought, this.#answer);
        this.#bar.append(this.#usual, track);
        // The text below says the same.
        this.#bar.setAttribute("aria-hidden", "true");
        parent.append(this.#bar, this.#text);
    }

    /**
     * @param {{tokens: number, reasoning_tokens?: number, answer_tokens?: number}} ceilings
     * @param {{reasoning: number, answer: number}} spent
     * @param {{p50: number, p90: number}|undefined} predicted
     */
    show(ceilings, spent = { reasoning: 0, answer: 0 }, predicted = undefined) {
        const all = Math.max(1, ceilings.tokens);
        const share = (tokens) => `${Math.min(100, (tokens / all) * 100)}%`;
        this.#thought.style.width = share(spent.reasoning);
        this.#answer.style.left = share(spent.reasoning);
        this.#answer.style.width = share(Math.min(spent.answer, all - spent.reasoning));
        const thinks = ceilings.reasoning_tokens !== undefined;
        this.#room.style.left = thinks ? share(ceilings.reasoning_tokens) : "0";
        this.#usual.hidden = !predicted || predicted.p50 >= all;
        if (!this.#usual.hidden) {
            this.#usual.style.left = share(predicted.p50);
            this.#usual.style.right = `${100 - parseFloat(share(predicted.p90))}%`;
        }
        const parts = thinks
            ? [
                part("thought", spent.reasoning, ceilings.reasoning_tokens, "thinking"),
                part("answer", spent.answer, ceilings.answer_tokens, "kept for the answer"),
            ]
            : [part("answer", spent.answer, ceilings.tokens, "tokens")];
        if (predicted) {
            parts.push(element(
                "span", { class: "usually" },
                `usually ${count(predicted.p50)} to ${count(predicted.p90)} in all`));
        }
        this.#text.replaceChildren(...parts);
    }
}

function part(kind, spent, ceiling, what) {
    return element(
        "span", { class: `key ${kind}` }, element("b", {}, count(spent)),
        ` of ${count(ceiling)} ${what}`);
}
