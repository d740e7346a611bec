import { element } from "./elements.js";
import { argumentCount, mathML } from "./latex.js";

/** Formulas' delimiters; a lone `$` has rules of its own. */
const delimiters = [["$$", "$$", true], ["\\[", "\\]", true], ["\\(", "\\)", false]];

/**
 * What a model wrote, as nodes: text, formulas as MathML, `**bold**` as such.
 *
 * Models also write commands outside of formulas, `\boxed{83}` above all; those that are known are
 * formulas too.
 *
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function prose(text) {
    const nodes = document.createDocumentFragment();
    const missing = new Set();
    let [plainFrom, at] = [0, 0];
    const closing = (close, from) => {
        // What is not found once is not found further on: a thousand openers cost one search.
        if (missing.has(close)) return -1;
        const end = text.indexOf(close, from);
        if (end < 0) missing.add(close);
        return end;
    };
    const found = (node, end) => {
        nodes.append(text.slice(plainFrom, at), node);
        plainFrom = at = end;
    };
    while (at < text.length) {
        const character = text[at];
        if (character !== "$" && character !== "\\" && character !== "*") {
            at++;
            continue;
        }
        const span = formula(text, at, closing) ?? command(text, at) ?? bold(text, at, closing);
        if (span) found(span.node, span.end);
        else at += character === "*" && text[at + 1] === "*" ? 2 : 1;
    }
    nodes.append(text.slice(plainFrom));
    return nodes;
}

function formula(text, at, closing) {
    for (const [open, close, isDisplayed] of delimiters) {
        if (!text.startsWith(open, at)) continue;
        const end = closing(close, at + open.length);
        if (end < 0) return null;
        return {
            node: mathML(text.slice(at + open.length, end), isDisplayed), end: end + close.length,
        };
    }
    if (text[at] !== "$" || /[\s$]/.test(text[at + 1] ?? " ")) return null;
    // "$5 and $7" are prices: a formula's last dollar follows no space and precedes no digit.
    const end = closing("$", at + 1);
    if (end < 0 || /\s/.test(text[end - 1]) || /\d/.test(text[end + 1] ?? "")) return null;
    return { node: mathML(text.slice(at + 1, end)), end: end + 1 };
}

function command(text, at) {
    if (text[at] !== "\\") return null;
    if ("$%&#_{}".includes(text[at + 1] ?? " ")) {
        return { node: document.createTextNode(text[at + 1]), end: at + 2 };
    }
    const name = /^\\([a-zA-Z]+)/.exec(text.slice(at, at + 32))?.[1];
    const count = name === undefined ? undefined : argumentCount(name);
    if (count === undefined) return null;
    let end = at + 1 + name.length;
    for (let taken = 0; taken < count; taken++) {
        if (name === "sqrt" && text[end] === "[") end = text.indexOf("]", end) + 1 || text.length;
        if (text[end] !== "{") {
            if (taken === 0) return null;
            break;
        }
        end = groupEnd(text, end);
    }
    return { node: mathML(text.slice(at, end)), end };
}

/** Behind the brace that closes the group at `from`; the text's end where it is still open. */
function groupEnd(text, from) {
    let level = 0;
    for (let at = from; at < text.length; at++) {
        if (text[at] === "\\") at++;
        else if (text[at] === "{") level++;
        else if (text[at] === "}" && --level === 0) return at + 1;
    }
    return text.length;
}

function bold(text, at, closing) {
    if (!text.startsWith("**", at) || /[\s*]/.test(text[at + 2] ?? " ")) return null;
    const end = closing("**", at + 2);
    if (end < 0) return null;
    return { node: element("strong", {}, prose(text.slice(at + 2, end))), end: end + 2 };
}
