/**
 * The stops of the budget slider: from tight to generous in even steps of proportion, each a round
 * number that no other stop repeats.
 */
export class BudgetScale {
    /** The least budget on the scale: below it no model answers. */
    static least = 4;

    /** @param {Array} models as `/v1/models` lists them */
    constructor(models) {
        const most = BudgetScale.#most(models);
        const steps = 64;
        const ratio = most / BudgetScale.least;
        const stops = Array.from({ length: steps + 1 }, (_, step) =>
            BudgetScale.#round(BudgetScale.least * ratio ** (step / steps)));
        this.stops = [...new Set(stops)];
    }

    /** Where nine tenths of the slowest member's hardest questions fit, if the context does. */
    static #most(models) {
        const context = Math.max(...models.map((model) => model.max_model_len ?? 4096));
        const measured = models.flatMap((model) =>
            (model.meta.measured ?? []).map((level) => level.tokens.p90));
        const generous = measured.length > 0 ? Math.max(...measured) : Math.min(context / 2, 8192);
        return Math.max(16, Math.min(2 ** Math.ceil(Math.log2(generous)), context / 2));
    }

    static #round(tokens) {
        const unit = 2 ** Math.max(0, Math.floor(Math.log2(tokens)) - 4);
        return Math.round(tokens / unit) * unit;
    }

    /** The stop nearest to so many tokens, by proportion. */
    position(tokens) {
        const distance = (stop) => Math.abs(Math.log(stop / Math.max(1, tokens)));
        return this.stops.reduce(
            (best, stop, at) => (distance(stop) < distance(this.stops[best]) ? at : best), 0);
    }
}
