/**
 * Reads server-sent events as they arrive.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @yields {{data: string}|{comment: string}} comments too: the server tells the queue in them
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
                    if (data.length > 0) yield { data: data.join("\n") };
                    data = [];
                } else if (line.startsWith(":")) {
                    yield { comment: line.slice(1).trim() };
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
