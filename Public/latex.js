import { element } from "./elements.js";
import { accents, functions, large, letters, sets, signs, spaces } from "./latex-symbols.js";

/** Groups inside groups beyond this are shown as they were written. */
const deepest = 40;

const texts = new Set(["text", "textbf", "textit", "textrm", "mathrm", "mbox", "operatorname"]);
const styles = new Set(["mathbf", "boldsymbol", "mathit", "mathcal", "mathsf", "mathfrak"]);
const fractions = new Set(["frac", "dfrac", "tfrac", "cfrac"]);
const sizes = new Set([
    "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle",
]);
const ignored = new Set([
    "displaystyle", "textstyle", "limits", "nolimits", "boldmath", "nonumber", "hline",
]);
/** Which arguments the commands with arguments take. */
const argumentCounts = {
    frac: 2, dfrac: 2, tfrac: 2, cfrac: 2, binom: 2, dbinom: 2, sqrt: 1, boxed: 1, fbox: 1,
    overline: 1, underline: 1, bar: 1, hat: 1, widehat: 1, tilde: 1, vec: 1, dot: 1, ddot: 1,
    overrightarrow: 1, pmod: 1, mathbb: 1,
    ...Object.fromEntries([...texts, ...styles].map((name) => [name, 1])),
};
/** The fences of environments. */
const environments = {
    matrix: ["", ""], pmatrix: ["(", ")"], bmatrix: ["[", "]"], vmatrix: ["|", "|"],
    cases: ["{", ""], aligned: ["", ""], align: ["", ""], "align*": ["", ""], array: ["", ""],
    gathered: ["", ""], equation: ["", ""], "equation*": ["", ""],
};

/** How many arguments a command takes; undefined where it is not known. */
export function argumentCount(name) {
    if (Object.hasOwn(argumentCounts, name)) return argumentCounts[name];
    const isKnown = [letters, signs, large].some((table) => Object.hasOwn(table, name));
    return isKnown ? 0 : undefined;
}

/**
 * LaTeX as MathML. What it does not know is shown as it was written; a group that is still open at
 * the end counts as closed, so that a formula can be shown while it arrives.
 *
 * @param {string} source without its delimiters
 * @param {boolean} isDisplayed whether it stands in a line of its own
 */
export function mathML(source, isDisplayed = false) {
    return element(
        "math:math", { display: isDisplayed ? "block" : null },
        ...new Parser(source, isDisplayed).row());
}

const lexicon = /\\[a-zA-Z]+|\\[^]|\s+|\d+(?:,\d{3})*(?:\.\d+)?|[^]/gu;

class Parser {
    constructor(source, isDisplayed) {
        this.parts = source.match(lexicon) ?? [];
        this.next = 0;
        this.depth = 0;
        this.isDisplayed = isDisplayed;
    }

    peek() {
        return this.parts[this.next];
    }

    skipSpace() {
        while (/^\s/.test(this.peek() ?? "")) this.next++;
    }

    /** Everything up to one of `ends`, which is not taken. */
    row(...ends) {
        const nodes = [];
        for (;;) {
            this.skipSpace();
            const part = this.peek();
            if (part === undefined || ends.includes(part)) return nodes;
            nodes.push(this.scripted());
        }
    }

    /** An atom with what is written below and above it. */
    scripted() {
        let isLarge = Object.hasOwn(large, this.peek()?.slice(1) ?? "");
        isLarge ||= this.peek() === "\\lim";
        const base = ["^", "_", "'"].includes(this.peek()) ? element("math:mrow") : this.atom();
        let [below, above] = [null, null];
        for (;;) {
            this.skipSpace();
            const part = this.peek();
            if (part === "_" && below === null) {
                this.next++;
                below = this.argument();
            } else if (part === "^" && above === null) {
                this.next++;
                above = this.argument();
            } else if (part === "'" && above === null) {
                let primes = "";
                for (; this.peek() === "'"; this.next++) primes += "′";
                above = element("math:mo", {}, primes);
            } else {
                break;
            }
        }
        const [sub, sup, both] = isLarge && this.isDisplayed
            ? ["munder", "mover", "munderover"] : ["msub", "msup", "msubsup"];
        if (below && above) return element(`math:${both}`, {}, base, below, above);
        if (below) return element(`math:${sub}`, {}, base, below);
        if (above) return element(`math:${sup}`, {}, base, above);
        if (this.peek() === "^" || this.peek() === "_") {
            return element("math:mrow", {}, base, element("math:mo", {}, this.parts[this.next++]));
        }
        return base;
    }

    /** What a command or a script applies to: a group or one atom. */
    argument() {
        this.skipSpace();
        if (this.peek() === undefined) return element("math:mrow");
        // `x^12` is x¹2: one digit is one argument.
        const part = this.peek();
        if (/^\d{2,}/.test(part) || /^\d[.,]/.test(part)) {
            this.parts[this.next] = part.slice(1);
            return element("math:mn", {}, part[0]);
        }
        return this.deeper(() => this.atom());
    }

    /** What `parse` makes of the next parts, unless they are nested too deep. */
    deeper(parse) {
        if (this.depth === deepest) {
            return element("math:mtext", {}, this.parts.splice(this.next).join(""));
        }
        this.depth++;
        const parsed = parse();
        this.depth--;
        return parsed;
    }

    group(close = "}") {
        const nodes = [this.deeper(() => this.row(close))].flat();
        this.next++;
        return nodes.length === 1 ? nodes[0] : element("math:mrow", {}, ...nodes);
    }

    /** The text of a group as it is written. */
    literal() {
        this.skipSpace();
        if (this.peek() !== "{") return this.parts[this.next++] ?? "";
        let [text, level] = ["", 0];
        do {
            const part = this.parts[this.next++];
            if (part === "{") level++;
            if (part === "}") level--;
            text += part ?? "";
        } while (level > 0 && this.next < this.parts.length);
        return text.slice(1, level === 0 ? -1 : undefined);
    }

    atom() {
        const part = this.parts[this.next++];
        if (part === "{") return this.group();
        if (part.startsWith("\\") && part.length > 1) return this.command(part.slice(1));
        if (/^\d/.test(part)) return element("math:mn", {}, part);
        if (/^\p{L}$/u.test(part)) return element("math:mi", {}, part);
        if (part === "~") return element("math:mspace", { width: "0.25em" });
        return this.sign({ "-": "−", "*": "∗" }[part] ?? part);
    }

    sign(text, isStretchy = false) {
        return element("math:mo", { stretchy: isStretchy ? null : "false" }, text);
    }

    command(name) {
        if (Object.hasOwn(letters, name)) return element("math:mi", {}, letters[name]);
        if (Object.hasOwn(signs, name)) return this.sign(signs[name]);
        if (Object.hasOwn(large, name)) {
            return element("math:mo", { largeop: this.isDisplayed ? "true" : null }, large[name]);
        }
        if (Object.hasOwn(spaces, name)) return element("math:mspace", { width: spaces[name] });
        if (functions.has(name)) return element("math:mi", {}, name.replace("bmod", "mod"));
        if (texts.has(name)) return element("math:mtext", {}, this.literal());
        if (fractions.has(name)) {
            return element("math:mfrac", {}, this.argument(), this.argument());
        }
        if (Object.hasOwn(accents, name)) {
            return element(
                "math:mover", { accent: "true" }, this.argument(),
                element("math:mo", {}, accents[name]));
        }
        if (styles.has(name)) return this.argument();
        if (ignored.has(name)) return element("math:mrow");
        if (sizes.has(name)) return this.fence();
        return this.construct(name);
    }

    construct(name) {
        switch (name) {
        case "sqrt": return this.root();
        case "boxed":
        case "fbox": return element("math:mrow", { class: "boxed" }, this.argument());
        case "binom":
        case "dbinom":
            return element(
                "math:mrow", {}, this.sign("(", true),
                element("math:mfrac", { linethickness: "0" }, this.argument(), this.argument()),
                this.sign(")", true));
        case "underline":
            return element(
                "math:munder", {}, this.argument(), element("math:mo", {}, "_"));
        case "pmod":
            return element(
                "math:mrow", {}, element("math:mspace", { width: "0.5em" }), this.sign("("),
                element("math:mi", {}, "mod"), element("math:mspace", { width: "0.3em" }),
                this.argument(), this.sign(")"));
        case "mathbb": {
            const letter = this.literal();
            return element("math:mi", {}, sets[letter] ?? letter);
        }
        case "left": return this.fenced();
        case "right": return this.fence();
        case "begin": return this.environment();
        case "end": return element("math:mtext", {}, `\\end{${this.literal()}}`);
        case "\\": return element("math:mspace", { width: "1em" });
        case "{":
        case "}":
        case "%":
        case "$":
        case "#":
        case "&":
        case "_": return this.sign(name);
        case "|": return this.sign("‖");
        default: return element("math:mtext", {}, `\\${name}`);
        }
    }

    root() {
        this.skipSpace();
        if (this.peek() !== "[") return element("math:msqrt", {}, this.argument());
        this.next++;
        const degree = this.group("]");
        return element("math:mroot", {}, this.argument(), degree);
    }

    /** The fence that follows `\left`, `\right` or a size; a dot is none. */
    fence() {
        this.skipSpace();
        const part = this.parts[this.next++] ?? ".";
        const name = part.startsWith("\\") ? part.slice(1) : part;
        const text = name === "." ? "" : name === "|" && part !== name ? "‖" : signs[name] ?? name;
        return this.sign(text, true);
    }

    fenced() {
        const open = this.fence();
        const content = [this.deeper(() => this.row("\\right"))].flat();
        const close = this.peek() === "\\right" ? (this.next++, this.fence()) : null;
        return element("math:mrow", {}, open, ...content, ...(close ? [close] : []));
    }

    environment() {
        const name = this.literal();
        const fences = Object.hasOwn(environments, name) ? environments[name] : null;
        if (fences === null) {
            return element("math:mtext", {}, `\\begin{${name}}`);
        }
        if (name === "array") this.literal();
        const rows = [];
        let cells = [];
        for (;;) {
            const nodes = this.deeper(() => this.row("&", "\\\\", "\\end", "}"));
            cells.push(element("math:mtd", {}, ...[nodes].flat()));
            const part = this.parts[this.next++];
            if (part === "&") continue;
            rows.push(element("math:mtr", {}, ...cells));
            cells = [];
            if (part !== "\\\\") break;
        }
        this.literal();
        const table = element("math:mtable", {
            class: fences[0] === "" && name !== "matrix" && name !== "array" ? "aligned" : null,
        }, ...rows);
        return element(
            "math:mrow", {}, fences[0] ? this.sign(fences[0], true) : null, table,
            fences[1] ? this.sign(fences[1], true) : null);
    }
}
