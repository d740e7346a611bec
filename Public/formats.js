/** 1024 as "1,024". */
export function count(number) {
    return Math.round(number).toLocaleString("en");
}

/** "1 token", "45 tokens". */
export function tokens(number) {
    return `${count(number)} ${Math.round(number) === 1 ? "token" : "tokens"}`;
}

/** 0.9859 as "99 %"; never "100 %" for what is only nearly certain. */
export function percent(share) {
    const rounded = Math.round(share * 100);
    return `${rounded === 100 && share < 1 ? 99 : rounded}\u00a0%`;
}

/** Milliseconds as a person reads them: "23 ms", "1.4 s", "2 min 5 s". */
export function duration(milliseconds) {
    if (milliseconds < 1000) return `${Math.max(1, Math.round(milliseconds))} ms`;
    const seconds = milliseconds / 1000;
    if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * What a thousand such answers cost, in the operator's unit: one of them costs less than anybody
 * can picture. Two significant digits, without an exponent.
 */
export function costOfThousand(cost) {
    const thousand = cost * 1000;
    if (thousand >= 10 || thousand === 0) return count(thousand);
    const digits = { minimumSignificantDigits: 2, maximumSignificantDigits: 2 };
    return thousand.toLocaleString("en", digits);
}

/** "1 member", "6 members". */
export function plural(number, noun) {
    return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}
