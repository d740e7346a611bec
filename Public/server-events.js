/**
 * Reads server-sent events as they arrive; comments, which keep a silent stream open, are passed
 * over.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @yields {string} the data of one event
 */
export async function* serverEvents(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let data = [];
    try {
        for (;;) {
            const { value, done } = await reader.read();
            if (done) return;
            const lines = (rest + value).split(/\r?\n/);
            rest = lines.pop();
            for (const line of lines) {
                if (line === "") {
                    if (data.length > 0) yield data.join("\n");
                    data = [];
                } else if (line.startsWith("data:")) {
                    data.push(line.slice(line[5] === " " ? 6 : 5));
                }
            }
        }
    } finally {
        // Leaving early must close the connection, which frees the place in the batch.
        reader.cancel().catch(() => {});
    }
}
