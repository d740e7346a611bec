import { byID, element, onNextFrame } from "./elements.js";
import { isRight } from "./examples.js";
import { count, duration, plural } from "./formats.js";
import { Generation } from "./generation.js";
import { phaseText } from "./phase-text.js";
import { prose } from "./prose.js";

/** One prompt, every member, the same seed, at the same time. */
export class ComparisonView {
    #cards = [];
    #redraw = onNextFrame(() => this.#draw());
    #seed = 0;
    #known = null;
    /** Told after every change. */
    onChange = () => {};

    constructor() {
        byID("comparison-stop").addEventListener("click", () => this.stop());
    }

    get isRunning() {
        return this.#cards.some((card) => card.generation.isRunning);
    }

    get generations() {
        return this.#cards.map((card) => card.generation);
    }

    stop() {
        for (const card of this.#cards) card.generation.stop();
    }

    /**
     * Asks all of them and returns when the last has ended.
     *
     * @param {Array} models
     * @param {Object} request the body of `/generate`, without a model
     * @param {string|null} known the right answer, where it is known
     */
    async run(models, request, known) {
        this.stop();
        this.#known = known;
        this.#seed = Math.floor(Math.random() * 100_000);
        this.#cards = models.map((model) => new Card(
            new Generation({ ...request, model: model.id, seed: this.#seed }), model, known));
        byID("members").replaceChildren(...this.#cards.map((card) => card.item));
        const running = this.#cards.map(({ generation }) => {
            generation.onChange = () => this.#redraw();
            return generation.run();
        });
        this.#draw();
        const clock = setInterval(() => this.#redraw(), 250);
        await Promise.all(running);
        clearInterval(clock);
        this.#draw();
    }

    #draw() {
        const most = Math.max(1, ...this.generations.map((generation) => generation.tokens));
        for (const card of this.#cards) card.draw(most);
        const isRunning = this.isRunning;
        byID("comparison-stop").hidden = !isRunning;
        byID("comparison-state").textContent = isRunning
            ? `asking ${plural(this.#cards.length, "member")} at once, seed ${this.#seed}`
            : this.#summary();
        this.onChange();
    }

    #summary() {
        const done = this.generations.filter((generation) => generation.phase === "done");
        if (done.length === 0) return "no answer";
        const spent = done.map((generation) => generation.tokens);
        const right = this.#cards.filter((card) => card.isRight).length;
        const verdict = this.#known === null ? "" : `${right} of ${this.#cards.length} right, `;
        return `${verdict}${count(Math.min(...spent))} to ${count(Math.max(...spent))} tokens, `
            + `seed ${this.#seed}`;
    }
}

/** One member's column. */
class Card {
    constructor(generation, model, known) {
        this.generation = generation;
        this.known = known;
        const { alpha } = model.meta;
        this.answer = element("div", { class: "text answer" });
        this.state = element("p", { class: "card-state" });
        this.fills = [
            element("div", { class: "fill thought" }), element("div", { class: "fill answer" }),
        ];
        this.thought = element("div", {
            class: "text thought", tabindex: "0", role: "region",
            "aria-label": `Thought of ${model.id}`,
        });
        this.item = element(
            "li", { class: "member" },
            element(
                "h3", {}, model.id,
                alpha === null || alpha === undefined
                    ? null : element("span", { class: "alpha" }, `α ${alpha}`)),
            element("div", { class: "track", "aria-hidden": "true" }, ...this.fills),
            this.state, this.answer, this.thought);
    }

    /** Null while it is not known. */
    get isRight() {
        return this.generation.end && isRight(this.generation.answer, this.known);
    }

    draw(most) {
        const { generation } = this;
        const { spent, end, isRunning } = generation;
        const share = (tokens) => `${(tokens / most) * 100}%`;
        this.fills[0].style.width = share(spent.reasoning);
        this.fills[1].style.left = share(spent.reasoning);
        this.fills[1].style.width = share(spent.answer);
        this.state.textContent = end
            ? `${count(generation.tokens)} tokens · ${duration(generation.elapsed)}`
            : generation.refusal && !isRunning ? generation.refusal.message : phaseText(generation);
        const right = this.isRight;
        this.answer.replaceChildren(
            element("span", {}, prose(generation.answer.trim() || (end ? "–" : ""))),
            right === null ? "" : element(
                "span", { class: right ? "verdict right" : "verdict wrong" },
                right ? "✓ right" : "✗ wrong"));
        this.thought.replaceChildren(isRunning ? generation.thought : prose(generation.thought));
    }
}
