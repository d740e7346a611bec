import { element } from "./elements.js";
import { count, percent } from "./formats.js";

const plot = { left: 44, right: 24, top: 30, bottom: 38 };
/** Width of a letter of a label, and height of its line. */
const letter = { width: 7, height: 14 };

/** One picture of the frontier; tokens on a logarithmic scale. */
export class FrontierDrawing {
    /**
     * @param {number} width in pixels
     * @param {Array} curves `[{name, points: [{id, tokens, accuracy, isTuned}]}]`
     * @param {Array} forecasts `[{id, label, tokens, accuracy, isChosen}]`
     * @param {Array} outcomes `[{id, tokens, accuracy, isRunning}]`
     * @param {number|null} ceiling in tokens
     */
    constructor(width, curves, forecasts, outcomes, ceiling) {
        this.width = Math.max(280, width);
        this.height = this.width < 480 ? 260 : 320;
        this.curves = curves;
        this.forecasts = forecasts;
        this.outcomes = outcomes;
        this.ceiling = ceiling;
        // An answer under way wanders in from the left edge; the axis stays where it is.
        const ended = outcomes.filter((outcome) => !outcome.isRunning);
        const all = [...curves.flatMap((curve) => curve.points), ...forecasts, ...ended];
        const counts = all.map((point) => Math.max(1, point.tokens));
        this.least = Math.min(...counts) / 1.35;
        this.most = Math.max(...counts) * 1.3;
        // Where everything is better than a coin the lower half would be empty.
        this.floor = all.every((point) => point.accuracy >= 0.5) ? 0.5 : 0;
        this.taken = [];
    }

    x(tokens) {
        const share = Math.log(Math.max(tokens, this.least) / this.least)
            / Math.log(this.most / this.least);
        return plot.left + (this.width - plot.left - plot.right) * share;
    }

    y(accuracy) {
        const share = (accuracy - this.floor) / (1 - this.floor);
        return plot.top + (this.height - plot.top - plot.bottom) * (1 - share);
    }

    svg() {
        for (const point of [...this.forecasts, ...this.outcomes]) {
            const [x, y] = [this.x(point.tokens), this.y(point.accuracy)];
            this.taken.push({ left: x - 7, right: x + 7, top: y - 7, bottom: y + 7 });
        }
        // Who comes first gets the place beside its dot.
        const forecasts = [...this.forecasts].sort((left, right) =>
            Number(right.isChosen) - Number(left.isChosen) || left.tokens - right.tokens);
        return element(
            "svg:svg", {
                width: this.width, height: this.height, role: "img",
                viewBox: `0 0 ${this.width} ${this.height}`,
                "aria-labelledby": "frontier-title frontier-caption",
            },
            ...this.#axes(), this.#ceilingLine(),
            ...this.curves.flatMap((curve) => this.#curve(curve)),
            ...forecasts.flatMap((forecast) => this.#forecast(forecast)),
            ...this.outcomes.map((outcome) => this.#ring(outcome)),
            ...this.curves.map((curve) => this.#curveName(curve)));
    }

    #axes() {
        const { left, right, bottom } = plot;
        const shares = this.floor === 0
            ? [0, 0.25, 0.5, 0.75, 1] : [0.5, 0.6, 0.7, 0.8, 0.9, 1];
        const shapes = shares.flatMap((share, at) => [
            element("svg:line", {
                class: at === 0 ? "axis" : "grid", x1: left, x2: this.width - right,
                y1: this.y(share), y2: this.y(share),
            }),
            element(
                "svg:text", {
                    class: "tick", x: left - 8, y: this.y(share) + 4, "text-anchor": "end",
                }, share === 1 ? "100 %" : `${share * 100}`),
        ]);
        for (let power = Math.ceil(Math.log2(this.least)); 2 ** power <= this.most; power++) {
            shapes.push(element(
                "svg:text", {
                    class: "tick", x: this.x(2 ** power), y: this.height - bottom + 18,
                    "text-anchor": "middle",
                }, count(2 ** power)));
        }
        shapes.push(element(
            "svg:text", {
                class: "tick", x: this.width - right, y: this.height - 3, "text-anchor": "end",
            }, "tokens"));
        return shapes;
    }

    #ceilingLine() {
        if (this.ceiling === null || this.ceiling > this.most || this.ceiling < this.least) {
            return null;
        }
        const at = this.x(this.ceiling);
        return element(
            "svg:g", { class: "ceiling" },
            element("svg:line", {
                x1: at, x2: at, y1: plot.top - 8, y2: this.height - plot.bottom,
            }),
            element(
                "svg:text", {
                    x: Math.min(at, this.width - 50), y: plot.top - 14, "text-anchor": "middle",
                }, `budget ${count(this.ceiling)}`));
    }

    #curve({ name, points }) {
        // The base lies off the line of those that were tuned from it; the table has it.
        const tuned = points.filter((point) => point.isTuned);
        const path = tuned.map((point, at) => (at === 0 ? "M" : "L")
            + `${this.x(point.tokens).toFixed(1)} ${this.y(point.accuracy).toFixed(1)}`);
        return [
            element("svg:path", { class: "curve", d: path.join("") }),
            ...tuned.map((point) => element(
                "svg:circle", {
                    class: "measured", cx: this.x(point.tokens), cy: this.y(point.accuracy), r: 2.5,
                },
                element(
                    "svg:title", {},
                    `${point.id}, ${name}: ${percent(point.accuracy)} at ${count(point.tokens)}`))),
        ];
    }

    #curveName({ name, points }) {
        const last = points.filter((point) => point.isTuned).at(-1) ?? points.at(-1);
        const place = this.#place(this.x(last.tokens), this.y(last.accuracy), name);
        return element(
            "svg:text", {
                class: "curve-name halo", x: place.x, y: place.y, "text-anchor": "middle",
            }, name);
    }

    #forecast({ label, tokens, accuracy, isChosen }) {
        const [x, y] = [this.x(tokens), this.y(accuracy)];
        const place = this.#place(x, y, label);
        return [element(
            "svg:g", { class: isChosen ? "forecast chosen" : "forecast" },
            place.isFar ? element("svg:line", {
                class: "leader", x1: x, y1: y, x2: place.x, y2: place.y + (place.y < y ? 3 : -11),
            }) : null,
            element("svg:circle", { cx: x, cy: y, r: isChosen ? 5.5 : 4 }),
            element(
                "svg:text", { class: "halo", x: place.x, y: place.y, "text-anchor": "middle" },
                label))];
    }

    /** A ring where an answer is, and a line to what was expected of it. */
    #ring({ id, tokens, accuracy, isRunning }) {
        const [x, y] = [this.x(tokens), this.y(accuracy)];
        const expected = this.forecasts.find((forecast) => forecast.id === id);
        return element(
            "svg:g", { class: isRunning ? "outcome running" : "outcome" },
            expected ? element("svg:line", {
                x1: x, y1: y, x2: this.x(expected.tokens), y2: this.y(expected.accuracy),
            }) : null,
            element(
                "svg:circle", { cx: x, cy: y, r: 8 },
                element("svg:title", {}, `${id}: ${count(tokens)} tokens`)));
    }

    /** Where a label fits near a point: the middle of its baseline. */
    #place(x, y, text) {
        const half = (text.length * letter.width) / 2;
        const near = [[0, -11], [0, 21], [half + 11, 4], [-half - 11, 4]];
        const far = [2, 3, 4, 5, 6].flatMap((step) => {
            const [up, down] = [-letter.height * step, letter.height * step];
            return [
                [half + 14, up + 18], [-half - 14, up + 18], [0, up], [0, down + 10],
                [half + 14, down], [-half - 14, down],
            ];
        });
        const boxes = [...near, ...far].map(([right, down], at) => ({
            x: x + right, y: y + down, isFar: at >= near.length,
            left: x + right - half, right: x + right + half, top: y + down - 11,
            bottom: y + down + 3,
        }));
        const box = boxes.find((each) => this.#isFree(each)) ?? boxes[0];
        this.taken.push(box);
        return box;
    }

    #isFree(box) {
        const isInside = box.left >= plot.left && box.right <= this.width - 2
            && box.top >= plot.top - 10 && box.bottom <= this.height - plot.bottom + 2;
        return isInside && !this.taken.some((other) => box.left < other.right
            && other.left < box.right && box.top < other.bottom && other.top < box.bottom);
    }
}
