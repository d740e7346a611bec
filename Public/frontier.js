import { byID, element, onNextFrame } from "./elements.js";
import { count, percent } from "./formats.js";
import { FrontierDrawing } from "./frontier-drawing.js";

/**
 * Accuracy against tokens: a thin line for each difficulty through the tuned members as they
 * were measured, a dot for what each member is expected to do with this question under this
 * budget, and a ring for what was spent in fact.
 */
export class Frontier {
    #models = [];
    #forecasts = [];
    #ceiling = null;
    #outcomes = [];
    #redraw = onNextFrame(() => this.#draw());

    constructor() {
        new ResizeObserver(this.#redraw).observe(byID("chart"));
    }

    /** @param {Array} models as `/v1/models` lists them */
    set models(models) {
        this.#models = models;
        byID("frontier").hidden = !this.#isMeasured;
        this.#redraw();
    }

    get #isMeasured() {
        return this.#models.some((model) => model.meta.measured);
    }

    /** What each member would do: `[{id, tokens, accuracy, isChosen}]`; and under which ceiling. */
    setForecasts(forecasts, ceiling) {
        this.#forecasts = forecasts.map((forecast) => ({
            ...forecast, label: this.#label(forecast.id),
        }));
        this.#ceiling = ceiling;
        this.#redraw();
    }

    /** What members did, or are doing: generations. */
    set outcomes(generations) {
        this.#outcomes = generations;
        this.#redraw();
    }

    /** A member's penalty, or its name where it has none. */
    #label(id) {
        const alpha = this.#models.find((model) => model.id === id)?.meta.alpha;
        return typeof alpha === "number" ? `α ${alpha}` : id;
    }

    #draw() {
        if (!this.#isMeasured) return;
        const curves = this.#curves();
        const outcomes = this.#points();
        const drawing = new FrontierDrawing(
            byID("chart").clientWidth, curves, this.#forecasts, outcomes, this.#ceiling);
        byID("chart").replaceChildren(drawing.svg());
        byID("frontier-caption").textContent = this.#caption(outcomes);
        byID("frontier-table").replaceChildren(this.#table(curves, outcomes));
    }

    #curves() {
        const names = new Set(this.#models.flatMap((model) =>
            (model.meta.measured ?? []).map((level) => level.difficulty)));
        return [...names].map((name) => ({
            name,
            points: this.#models.flatMap((model) => {
                const level = model.meta.measured?.find((each) => each.difficulty === name);
                return level ? [{
                    id: model.id, tokens: level.tokens.mean, accuracy: level.accuracy,
                    isTuned: typeof model.meta.alpha === "number",
                }] : [];
            }).sort((left, right) => left.tokens - right.tokens),
        }));
    }

    #points() {
        const shown = this.#outcomes.filter((each) =>
            each.tokens > 0 && (each.isRunning || each.phase === "done"));
        return shown.map((generation) => {
            const { model, tokens, route, isRunning } = generation;
            const forecast = this.#forecasts.find((each) => each.id === model);
            return {
                id: model, tokens, isRunning,
                accuracy: route?.expected_accuracy ?? forecast?.accuracy ?? null,
            };
        }).filter((point) => point.accuracy !== null);
    }

    #caption(outcomes) {
        const chosen = this.#forecasts.find((forecast) => forecast.isChosen);
        const lines = "Lines: the tuned members as measured, by difficulty.";
        if (!chosen) return lines;
        const expectation = ` Dots: this question under this budget; ${chosen.id} is chosen, `
            + `${percent(chosen.accuracy)} right at ${count(chosen.tokens)} tokens.`;
        if (outcomes.length === 0) return lines + expectation;
        const spent = outcomes.length === 1
            ? `Ring: the ${count(outcomes[0].tokens)} tokens that it took.`
            : "Rings: what each member took.";
        return `${lines}${expectation} ${spent}`;
    }

    #table(curves, outcomes) {
        const cell = (point) => (point
            ? `${percent(point.accuracy)} at ${count(point.tokens)}` : "–");
        const head = element(
            "tr", {}, element("th", { scope: "col" }, "member"),
            ...curves.map((curve) => element("th", { scope: "col" }, curve.name)),
            element("th", { scope: "col" }, "this question"),
            element("th", { scope: "col" }, "spent"));
        const rows = this.#models.map((model) => {
            const of = (points) => points.find((point) => point.id === model.id);
            const outcome = of(outcomes);
            return element(
                "tr", {}, element("th", { scope: "row" }, model.id),
                ...curves.map((curve) => element("td", {}, cell(of(curve.points)))),
                element("td", {}, cell(of(this.#forecasts))),
                element("td", {}, outcome ? count(outcome.tokens) : "–"));
        });
        return element(
            "table", {},
            element("caption", {}, "Right answers, and mean tokens"),
            element("thead", {}, head), element("tbody", {}, ...rows));
    }
}
