import { byID, element, onNextFrame } from "./elements.js";
import { costOfThousand, count, duration, tokens } from "./formats.js";
import { Meter } from "./meter.js";
import { phaseText } from "./phase-text.js";
import { prose } from "./prose.js";
import { isRight } from "./examples.js";

/** The panel of one answer: the meter, the thought beside the answer, what was spent. */
export class AnswerView {
    #meter = new Meter(byID("meter"));
    #generation = null;
    #known = null;
    #shownThought = 0;
    #redraw = onNextFrame(() => this.#draw());
    #clock = null;
    /** Offers what would help against a refusal: given the refusal, returns a button or null. */
    remedy = () => null;
    /** Told before every frame that something changed in. */
    onChange = () => {};

    constructor() {
        byID("answer-now").addEventListener("click", () => this.#generation?.answerNow());
        byID("stop").addEventListener("click", () => this.stop());
        this.#showEmpty();
    }

    #showEmpty() {
        byID("thought").replaceChildren(
            element("p", { class: "empty" }, "Streams here, up to its ceiling."));
        byID("answer").replaceChildren(
            element("p", { class: "empty" }, "Follows, always with room kept for it."));
    }

    get isRunning() {
        return this.#generation?.isRunning === true;
    }

    /** A quote has come: the ceilings to show before anything is asked, or of what was asked. */
    expect(request, quote) {
        if (this.#generation === null) {
            this.#meter.show(quote.effective, undefined, quote.route.predicted_tokens);
        } else {
            this.#generation.expect(request, quote);
        }
    }

    /**
     * Shows an answer from now on.
     *
     * @param {Generation} generation
     * @param {string|null} known the right answer, where it is known
     */
    follow(generation, known) {
        this.stop();
        this.#generation = generation;
        this.#known = known;
        this.#shownThought = 0;
        byID("thought").replaceChildren();
        byID("answer").replaceChildren();
        byID("facts").replaceChildren();
        generation.onChange = () => this.#redraw();
        // Time passes and retries count down between events.
        clearInterval(this.#clock);
        this.#clock = setInterval(() => this.#redraw(), 250);
        this.#draw();
    }

    stop() {
        this.#generation?.stop();
    }

    async setBudget(tokens) {
        await this.#generation?.setBudget(tokens);
    }

    #draw() {
        const generation = this.#generation;
        if (generation === null) return;
        const { isRunning, ceilings, spent, route } = generation;
        byID("result").classList.toggle("running", isRunning);
        byID("state").replaceChildren(
            generation.model && generation.phase !== "failed"
                ? element("strong", {}, generation.model) : "", " ", phaseText(generation));
        this.#drawButtons(generation);
        this.#meter.show(ceilings, spent, route?.predicted_tokens);
        this.#drawThought(generation);
        this.#drawAnswer(generation);
        this.#drawProblem(generation);
        if (!isRunning) this.#drawEnd(generation);
        this.onChange(generation);
    }

    #drawButtons({ isRunning, canChange, phase, hasAnsweredNow }) {
        const [now, stop] = [byID("answer-now"), byID("stop")];
        // A button that vanishes under the keyboard's focus would lose the place.
        const hadFocus = [now, stop].includes(document.activeElement);
        now.hidden = stop.hidden = !isRunning;
        now.disabled = !canChange || phase !== "thinking" || hasAnsweredNow;
        if (!isRunning && hadFocus) byID("thought").focus({ preventScroll: true });
    }

    #drawThought({ thought, answer, isRunning }) {
        const box = byID("thought");
        const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
        if (isRunning) {
            box.append(thought.slice(this.#shownThought));
        } else {
            box.replaceChildren(prose(thought.trim()));
            if (thought === "" && answer !== "") {
                box.append(element("p", { class: "empty" }, "It answered without a thought."));
            }
        }
        this.#shownThought = thought.length;
        if (isAtEnd) box.scrollTop = box.scrollHeight;
    }

    #drawAnswer({ answer, isRunning, ceilings, phase }) {
        const kept = ceilings.answer_tokens;
        if (answer.trim() !== "") {
            byID("answer").replaceChildren(prose(answer.trimStart()));
        } else if (isRunning) {
            byID("answer").replaceChildren(element(
                "p", { class: "empty" }, kept > 0 ? `${tokens(kept)} are kept for it.` : "…"));
        } else {
            byID("answer").replaceChildren(element(
                "p", { class: "empty" },
                phase === "done" ? "The budget ended before an answer." : "None."));
        }
    }

    #drawProblem({ refusal, phase, end }) {
        const box = byID("problem");
        const isShown = refusal !== null && phase !== "waiting";
        box.hidden = !isShown && !end?.warnings;
        if (isShown) box.replaceChildren(refusal.message, " ", this.remedy(refusal) ?? "");
        else box.replaceChildren(end?.warnings?.join(" ") ?? "");
    }

    #drawEnd(generation) {
        clearInterval(this.#clock);
        const { end } = generation;
        if (end === null) return;
        const { spent, forced_close: wasClosed } = end.budget;
        const closed = generation.hasAnsweredNow ? "on demand" : "by the budget";
        const right = isRight(generation.answer, this.#known);
        const facts = [
            ["tokens", count(generation.tokens)],
            ["of them thought", count(spent.reasoning_tokens)],
            spent.cost === undefined ? null : ["cost of 1,000", costOfThousand(spent.cost)],
            ["first token", spent.first_token_ms && duration(spent.first_token_ms)],
            ["time", duration(spent.total_ms)],
            ["thought closed", wasClosed && closed],
            ["checked", right === null ? null : right ? "✓ right" : `✗ ${this.#known} is right`],
        ].filter((fact) => fact?.[1]);
        byID("facts").replaceChildren(...facts.map(([name, value]) =>
            element("div", {}, element("dt", {}, name), element("dd", {}, value))));
    }
}
