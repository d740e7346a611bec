import { duration, tokens } from "./formats.js";

/** What an answer is doing, in a few words. */
export function phaseText(generation) {
    switch (generation.phase) {
    case "waiting": return waiting(generation);
    case "queued": return queued(generation.queue);
    case "thinking": return generation.hasAnsweredNow ? "closing the thought …" : "thinking …";
    case "answering": return "answering …";
    case "stopped": return `stopped after ${tokens(generation.tokens)}`;
    case "failed": return "no answer";
    default: return done(generation);
    }
}

function waiting({ retryAt, refusal }) {
    if (retryAt === null) return "asking …";
    const seconds = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
    const reason = refusal.code === "queue_full" ? "The queue is full"
        : refusal.code === "loading" ? "The model is loading" : refusal.message;
    return `${reason}; trying again in ${seconds} s`;
}

function queued({ position, seconds }) {
    const eta = seconds > 0 ? `, about ${duration(seconds * 1000)}` : "";
    return `number ${position} in the queue${eta}`;
}

function done({ end, elapsed, tokens: spent }) {
    const ceiling = { tokens: "the budget", reasoning: "the thought’s ceiling", cost: "the cost",
        latency: "the deadline", context: "the context" }[end.budget.exhausted];
    const cut = end.finish_reason === "length" && ceiling ? `, cut off by ${ceiling}` : "";
    return `${tokens(spent)} in ${duration(elapsed)}${cut}`;
}

/** What a listener needs to know at the end. */
export function announcement(generation) {
    if (generation.phase === "failed") return `No answer. ${generation.refusal.message}`;
    const answer = generation.answer.trim().replace(/\\boxed\{([^{}]*)\}/g, "$1");
    return `${generation.model} answers: ${answer || "nothing"}. ${phaseText(generation)}.`;
}
