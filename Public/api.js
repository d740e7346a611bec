import { apiKey, askForKey } from "./api-key.js";
import { serverEvents } from "./server-events.js";

/** Why the server, or the way to it, gave no answer. */
export class Refusal extends Error {
    /**
     * @param {number} status the HTTP status; 0 where there was none
     * @param {{message: string, code?: string, minimum?: {tokens: number}}} error
     * @param {number|null} retrySeconds when another try may succeed
     */
    constructor(status, error, retrySeconds = null) {
        super(status === 401 ? "This server wants an API key." : sentence(error.message));
        this.status = status;
        this.code = error.code ?? null;
        this.minimum = error.minimum ?? null;
        this.retrySeconds = retrySeconds;
    }
}

/** The server's errors are parts of lines; here they stand alone. */
function sentence(text) {
    const end = /[.!?]$/.test(text) ? "" : ".";
    return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

/** What is served: members in the family's order, without `auto`. */
export async function listModels() {
    const list = await (await send("GET", "/v1/models")).json();
    return list.data.filter((model) => !model.meta?.routes_to);
}

/** Who would answer, and what it would take. */
export async function quote(request, signal) {
    return (await send("POST", "/v1/budget/quote", request, signal)).json();
}

/** Changes an answer under way: a new budget, or `{answer_now: true}`. */
export async function revise(id, change) {
    return (await send("PATCH", `/v1/generations/${encodeURIComponent(id)}`, change)).json();
}

/**
 * Asks, and yields what happens: `accepted` with who answers, then the events of the stream.
 */
export async function* generate(request, signal) {
    const response = await send("POST", "/generate", { ...request, stream: true }, signal);
    yield { type: "accepted", model: response.headers.get("x-selected-model") };
    let isComplete = false;
    try {
        for await (const data of serverEvents(response.body)) {
            isComplete = data === "[DONE]";
            if (isComplete) continue;
            const event = JSON.parse(data);
            if (event.error) throw new Refusal(500, event.error);
            yield event;
        }
    } catch (error) {
        if (error instanceof Refusal || signal?.aborted) throw error;
        throw lostConnection();
    }
    if (!isComplete) throw lostConnection();
}

function lostConnection() {
    return new Refusal(0, { message: "The connection was lost before the answer was complete." });
}

async function send(method, path, body, signal) {
    const headers = {};
    if (body) headers["content-type"] = "application/json";
    if (apiKey() !== null) headers.authorization = `Bearer ${apiKey()}`;
    let response;
    try {
        response = await fetch(path, {
            method, headers, signal, body: body ? JSON.stringify(body) : undefined,
        });
    } catch (error) {
        if (signal?.aborted) throw error;
        throw new Refusal(0, { message: "The server cannot be reached." });
    }
    if (response.ok) return response;
    if (response.status === 401 && await askForKey()) return send(method, path, body, signal);
    throw await refusal(response);
}

async function refusal(response) {
    let error;
    try {
        error = (await response.json()).error;
    } catch {
        // What stands between the page and the server answers in its own words.
    }
    error ??= { message: `The server answered ${response.status} ${response.statusText}.` };
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    return new Refusal(response.status, error, Number.isFinite(seconds) ? seconds : null);
}
