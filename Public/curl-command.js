import { apiKey } from "./api-key.js";

/** The command that asks the same from a terminal. */
export function curlCommand(request) {
    const body = JSON.stringify({ ...request, stream: true });
    const parts = [`curl -N ${quoted(`${location.origin}/generate`)}`];
    // The key itself stays out of the clipboard and of the shell's history.
    if (apiKey() !== null) parts.push('-H "Authorization: Bearer $LACONIC_API_KEY"');
    parts.push(`-d ${quoted(body)}`);
    return parts.join(" \\\n  ");
}

/** As one word of a POSIX shell. */
function quoted(text) {
    if (/^[\w:/.@-]+$/.test(text)) return text;
    return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Copies a text; also where the page came by plain HTTP, which has no clipboard of its own. */
export async function copy(text, source) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        getSelection().selectAllChildren(source);
        return document.execCommand("copy");
    }
}
