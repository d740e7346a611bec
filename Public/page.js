import { apiKey, askForKey } from "./api-key.js";
import { listModels, quote } from "./api.js";
import { AnswerView } from "./answer-view.js";
import { BudgetScale } from "./budget-scale.js";
import { ComparisonView } from "./comparison-view.js";
import { copy, curlCommand } from "./curl-command.js";
import { byID, element } from "./elements.js";
import { examples, knownAnswer } from "./examples.js";
import { count, plural, tokens } from "./formats.js";
import { Frontier } from "./frontier.js";
import { Generation } from "./generation.js";
import { announcement } from "./phase-text.js";
import { QuoteView } from "./quote-view.js";

/** How long the slider and the keys rest before the server is asked. */
const restMilliseconds = 120;

const question = byID("question");
const slider = byID("budget");
const exact = byID("budget-exact");
const answerView = new AnswerView();
const comparison = new ComparisonView();
const frontier = new Frontier();
const quoteView = new QuoteView(byID("quote"), byID("meaning"));

let models = [];
let scale = null;
let budget = 256;
/** The latest quote, and the request that it is of. */
let quoted = { request: null, quote: null };

function request() {
    return { prompt: question.value.trim(), budget };
}

function announce(text) {
    byID("announcement").textContent = text;
}

// The budget

/** Takes over a budget; `source` is the control that it came from, which is left as it is. */
function setBudget(number, source = null) {
    budget = number;
    if (source !== slider) slider.value = scale.position(number);
    if (source !== exact) exact.value = number;
    slider.setAttribute("aria-valuetext", tokens(number));
    const share = (Number(slider.value) / Math.max(1, Number(slider.max))) * 100;
    slider.style.setProperty("--filled", `${share}%`);
    requestChanged();
    if (answerView.isRunning) changeRunning();
}

let changeTimer = null;
function changeRunning() {
    clearTimeout(changeTimer);
    changeTimer = setTimeout(() => answerView.setBudget(budget), restMilliseconds);
}

/** A button that would help against a refusal, or null. */
function remedy(refusal) {
    const least = refusal.minimum?.tokens;
    if (least === undefined && refusal.status !== 0) return null;
    const button = element(
        "button", { type: "button" }, least === undefined ? "Ask again" : `Use ${tokens(least)}`);
    button.addEventListener("click", () => {
        byID("submit").focus();
        if (least === undefined) ask();
        else setBudget(least);
    });
    return button;
}

// The quote

let quoteTimer = null;
let quoting = new AbortController();

function requestChanged() {
    byID("curl").textContent = curlCommand(request());
    for (const button of byID("examples").children) {
        const isChosen = examples[Number(button.dataset.index)].question === question.value.trim();
        button.setAttribute("aria-pressed", String(isChosen));
    }
    clearTimeout(quoteTimer);
    quoteTimer = setTimeout(refreshQuote, restMilliseconds);
}

async function refreshQuote() {
    quoting.abort();
    quoting = new AbortController();
    const { signal } = quoting;
    const asked = request();
    if (asked.prompt === "") return quoteView.refuse("Type a question, or try an example.");
    // A browser opens six connections to a server, and a comparison needs them all.
    if (comparison.isRunning) return;
    try {
        const answer = await quote(asked, signal);
        quoted = { request: asked, quote: answer };
        quoteView.show(answer);
        answerView.expect(asked, answer);
        frontier.setForecasts(await forecasts(asked, answer, signal), answer.effective.tokens);
    } catch (error) {
        if (signal.aborted) return;
        quoted = { request: null, quote: null };
        quoteView.refuse(error.message, error.minimum ? remedy(error) : null);
        frontier.setForecasts([], budget);
    }
}

/** What each measured member would do with the question under the budget. */
async function forecasts(asked, chosen, signal) {
    const measured = models.filter((model) => model.meta.measured);
    const quotes = await Promise.allSettled(
        measured.map((model) => quote({ ...asked, model: model.id }, signal)));
    signal.throwIfAborted();
    return quotes.flatMap(({ value }) => (value?.expected.tokens === undefined ? [] : [{
        id: value.route.model, tokens: value.expected.tokens, accuracy: value.expected.accuracy,
        isChosen: value.route.model === chosen.route.model,
    }]));
}

/** The quote of exactly this request, if there is one. */
function currentQuote(asked) {
    const isCurrent = quoted.request?.prompt === asked.prompt
        && quoted.request?.budget === asked.budget;
    return isCurrent ? quoted.quote : null;
}

// Asking

async function ask() {
    const asked = request();
    if (asked.prompt === "") return question.focus();
    comparison.stop();
    byID("comparison").hidden = true;
    byID("result").hidden = false;
    const generation = new Generation(asked, currentQuote(asked));
    answerView.follow(generation, knownAnswer(asked.prompt));
    announce("Asked.");
    scrollToOnPhones(byID("result"));
    await generation.run();
    announce(announcement(generation));
}

async function compare() {
    const asked = request();
    if (asked.prompt === "") return question.focus();
    answerView.stop();
    byID("result").hidden = true;
    byID("comparison").hidden = false;
    announce(`Asked ${plural(models.length, "member")}.`);
    scrollToOnPhones(byID("comparison"));
    await comparison.run(models, asked, knownAnswer(asked.prompt));
    announce(comparison.generations
        .map((each) => `${each.model}: ${tokens(each.tokens)}`).join(", "));
    // What was typed in the meantime was not quoted.
    requestChanged();
}

answerView.onChange = (generation) => {
    frontier.outcomes = [generation];
};
comparison.onChange = () => {
    frontier.outcomes = comparison.generations;
};

function scrollToOnPhones(section) {
    if (matchMedia("(max-width: 60rem)").matches) {
        const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        section.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
    }
}

// The server

async function connect() {
    try {
        models = await listModels();
    } catch (error) {
        byID("server").parentElement.classList.add("down");
        const seconds = error.retrySeconds ?? 5;
        byID("server").textContent = error.status === 401
            ? "A key is needed" : `${error.message} Trying again every ${count(seconds)} s.`;
        byID("change-key").hidden = error.status !== 401;
        byID("change-key").textContent = "Enter a key";
        // A server that is being started comes; a person without a key does not.
        if (error.status !== 401) setTimeout(connect, seconds * 1000);
        return;
    }
    byID("server").parentElement.classList.remove("down");
    byID("server").textContent = models.length === 0 ? "No model is served here"
        : models.length === 1 ? models[0].id : plural(models.length, "member");
    byID("change-key").hidden = apiKey() === null;
    byID("change-key").textContent = "Change key";
    byID("compare").hidden = models.length < 2;
    byID("compare").textContent = `Compare all ${models.length} members`;
    frontier.models = models;
    if (models.length > 0) useScale(new BudgetScale(models));
}

function useScale(ofModels) {
    scale = ofModels;
    slider.max = scale.stops.length - 1;
    setBudget(budget);
}

// Controls

byID("examples").append(...examples.map((example, index) => {
    const button = element(
        "button", { type: "button", class: "chip", "data-index": index, "aria-pressed": "false" },
        example.name);
    button.addEventListener("click", () => {
        question.value = example.question;
        requestChanged();
    });
    return button;
}));
question.addEventListener("input", requestChanged);
question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byID("ask").requestSubmit();
});
slider.addEventListener("input", () => setBudget(scale.stops[Number(slider.value)], slider));
exact.addEventListener("input", () => {
    const number = Math.floor(Number(exact.value));
    if (number >= 1) setBudget(Math.min(number, 1_000_000), exact);
});
byID("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
});
byID("compare").addEventListener("click", compare);
byID("copy").addEventListener("click", async () => {
    const isCopied = await copy(byID("curl").textContent, byID("curl"));
    byID("copy").textContent = isCopied ? "Copied" : "Select it";
    announce(isCopied ? "The command was copied." : "The command could not be copied.");
    setTimeout(() => { byID("copy").textContent = "Copy"; }, 2000);
});
byID("change-key").addEventListener("click", async () => {
    if (await askForKey(true)) connect();
});
answerView.remedy = remedy;

question.value = examples[1].question;
useScale(new BudgetScale([{ max_model_len: 2048, meta: {} }]));
connect();
