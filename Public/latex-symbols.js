/** What a command without arguments stands for: letters (identifiers) and signs (operators). */

export const letters = {
    alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ϵ", varepsilon: "ε", zeta: "ζ",
    eta: "η", theta: "θ", vartheta: "ϑ", iota: "ι", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν",
    xi: "ξ", pi: "π", rho: "ρ", sigma: "σ", tau: "τ", upsilon: "υ", phi: "ϕ", varphi: "φ",
    chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Xi: "Ξ",
    Pi: "Π", Sigma: "Σ", Upsilon: "Υ", Phi: "Φ", Psi: "Ψ", Omega: "Ω", infty: "∞", ell: "ℓ",
    hbar: "ℏ", emptyset: "∅", varnothing: "∅", partial: "∂", nabla: "∇", Re: "ℜ", Im: "ℑ",
    aleph: "ℵ", degree: "°", triangle: "△",
};

export const signs = {
    times: "×", cdot: "⋅", div: "÷", pm: "±", mp: "∓", ast: "∗", star: "⋆", circ: "∘",
    bullet: "∙", oplus: "⊕", otimes: "⊗", le: "≤", leq: "≤", leqslant: "≤", ge: "≥", geq: "≥",
    geqslant: "≥", ne: "≠", neq: "≠", approx: "≈", equiv: "≡", sim: "∼", simeq: "≃", cong: "≅",
    propto: "∝", ll: "≪", gg: "≫", mid: "∣", nmid: "∤", parallel: "∥", perp: "⊥", in: "∈",
    notin: "∉", ni: "∋", subset: "⊂", subseteq: "⊆", supset: "⊃", supseteq: "⊇", cup: "∪",
    cap: "∩", setminus: "∖", land: "∧", wedge: "∧", lor: "∨", vee: "∨", neg: "¬", lnot: "¬",
    forall: "∀", exists: "∃", to: "→", rightarrow: "→", leftarrow: "←", leftrightarrow: "↔",
    Rightarrow: "⇒", Leftarrow: "⇐", Leftrightarrow: "⇔", implies: "⟹", iff: "⟺", mapsto: "↦",
    longrightarrow: "⟶", uparrow: "↑", downarrow: "↓", dots: "…", ldots: "…", cdots: "⋯",
    vdots: "⋮", ddots: "⋱", angle: "∠", therefore: "∴", because: "∵", prime: "′", colon: ":",
    lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉", langle: "⟨", rangle: "⟩", lvert: "|",
    rvert: "|", vert: "|", Vert: "‖", lbrace: "{", rbrace: "}", backslash: "∖", checkmark: "✓",
    square: "□", Box: "□", blacksquare: "■",
};

/** Operators whose limits stand below and above them in a formula of its own. */
export const large = {
    sum: "∑", prod: "∏", coprod: "∐", int: "∫", iint: "∬", oint: "∮", bigcup: "⋃", bigcap: "⋂",
};

/** Functions that are written upright. */
export const functions = new Set([
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
    "log", "ln", "lg", "exp", "lim", "max", "min", "sup", "inf", "gcd", "lcm", "det", "dim", "ker",
    "arg", "deg", "Pr", "bmod", "mod",
]);

/** Widths of spaces. */
export const spaces = {
    ",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.25em", "!": "0", "quad": "1em",
    "qquad": "2em", "thinspace": "0.17em", "enspace": "0.5em",
};

/** Double-struck capitals of the number sets. */
export const sets = { R: "ℝ", N: "ℕ", Z: "ℤ", Q: "ℚ", C: "ℂ", P: "ℙ" };

/** Marks above what they apply to. */
export const accents = {
    overline: "¯", bar: "¯", hat: "^", widehat: "^", tilde: "~", vec: "→", dot: "˙", ddot: "¨",
    overrightarrow: "→",
};
