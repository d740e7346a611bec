import { generate, Refusal, revise } from "./api.js";

/** How often a full queue or a loading server is asked again. */
const attempts = 5;

/**
 * One request from the question to the last token.
 *
 * `phase` goes from "waiting" over "queued", "thinking" and "answering" to one of "done", "stopped"
 * and "failed".
 */
export class Generation {
    /**
     * @param {Object} request the body of `/generate`
     * @param {Object|null} expected its quote, which knows the ceilings before the stream's end
     */
    constructor(request, expected = null) {
        this.request = request;
        this.model = request.model ?? null;
        this.route = null;
        this.ceilings = { tokens: request.budget };
        if (expected) this.expect(request, expected);
        this.phase = "waiting";
        this.thought = "";
        this.answer = "";
        /** Pieces until the end, then tokens: tags and the end of the text come as no piece. */
        this.spent = { reasoning: 0, answer: 0 };
        this.queue = null;
        this.retryAt = null;
        this.refusal = null;
        this.end = null;
        this.hasAnsweredNow = false;
        this.startedAt = performance.now();
        this.endedAt = null;
        this.onChange = () => {};
        this.#abort = new AbortController();
    }

    #abort;
    #id = null;
    /** A budget that was moved before the server could be told. */
    #wanted = null;

    /** Takes over a quote that is of the same request. */
    expect(request, quote) {
        const isSame = request.prompt === this.request.prompt
            && request.budget === this.request.budget;
        if (!isSame || this.route !== null) return;
        this.route = quote.route;
        this.ceilings = quote.effective;
        this.model ??= quote.route.model;
    }

    get isRunning() {
        return this.endedAt === null;
    }

    /** Whether the server would listen to a change. */
    get canChange() {
        return this.isRunning && this.#id !== null;
    }

    get tokens() {
        return this.spent.reasoning + this.spent.answer;
    }

    /** Milliseconds so far, or those that the server measured. */
    get elapsed() {
        return this.end?.timings.total_ms ?? (this.endedAt ?? performance.now()) - this.startedAt;
    }

    /** Runs to the end, whatever the end is; never throws. */
    async run() {
        for (let attempt = 1; this.isRunning; attempt++) {
            try {
                await this.#attempt();
                return;
            } catch (error) {
                if (this.#abort.signal.aborted) return this.#finish("stopped");
                const canRetry = [429, 503].includes(error.status) && error.retrySeconds !== null;
                if (!canRetry || attempt === attempts) {
                    this.refusal = error instanceof Refusal
                        ? error : new Refusal(0, { message: String(error.message ?? error) });
                    return this.#finish("failed");
                }
                await this.#wait(error);
            }
        }
    }

    async #attempt() {
        for await (const event of generate(this.request, this.#abort.signal)) {
            this.#note(event);
            this.onChange(this);
        }
        if (this.end === null) throw new Refusal(0, { message: "The answer has no end." });
        this.#finish("done");
    }

    #note(event) {
        switch (event.type) {
        case "accepted":
            this.retryAt = null;
            this.refusal = null;
            this.model = event.model ?? this.model;
            break;
        case "queued":
            this.phase = "queued";
            this.queue = { position: event.position, seconds: event.eta_seconds };
            break;
        case "start":
            this.#id = event.id;
            this.model = event.model;
            this.phase = "thinking";
            if (this.#wanted !== null) this.setBudget(this.#wanted);
            break;
        case "escalated":
            this.model = event.model;
            break;
        case "reasoning":
            this.phase = "thinking";
            this.thought += event.text;
            this.spent.reasoning += 1;
            break;
        case "answer":
            this.phase = "answering";
            this.answer += event.text;
            this.spent.answer += 1;
            break;
        case "done":
            this.end = event;
            this.route = event.budget.route ?? this.route;
            this.ceilings = event.budget.effective;
            this.spent = {
                reasoning: event.budget.spent.reasoning_tokens,
                answer: event.budget.spent.answer_tokens,
            };
            break;
        }
    }

    async #wait(refusal) {
        this.refusal = refusal;
        this.retryAt = performance.now() + refusal.retrySeconds * 1000;
        this.onChange(this);
        await new Promise((resolve) => {
            const timer = setTimeout(resolve, refusal.retrySeconds * 1000);
            this.#abort.signal.addEventListener("abort", () => {
                clearTimeout(timer);
                resolve();
            }, { once: true });
        });
        if (this.#abort.signal.aborted) this.#finish("stopped");
    }

    #finish(phase) {
        this.phase = phase;
        this.endedAt = performance.now();
        this.onChange(this);
    }

    /** Leaves; the server frees the place within one step. */
    stop() {
        this.#abort.abort();
    }

    /** Ends the thought with the next token. */
    async answerNow() {
        this.hasAnsweredNow = true;
        this.onChange(this);
        await this.#revise({ answer_now: true });
    }

    /** Moves the ceiling of an answer under way, and the thought's with it. */
    async setBudget(tokens) {
        this.#wanted = tokens;
        await this.#revise({ budget: tokens });
    }

    async #revise(change) {
        if (!this.canChange) return;
        try {
            const revised = await revise(this.#id, change);
            if (this.isRunning) this.ceilings = revised.effective;
        } catch (error) {
            // It had ended in the meantime: there is nothing left to change.
            if (error.status !== 404 && this.isRunning) this.refusal = error;
        }
        this.onChange(this);
    }
}
