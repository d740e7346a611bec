const namespaces = {
    svg: "http://www.w3.org/2000/svg",
    math: "http://www.w3.org/1998/Math/MathML",
};

/**
 * Makes an element. Text only ever becomes text nodes: what a model writes is never markup.
 *
 * @param {string} name "div", or "svg:path" and "math:mfrac" for the other namespaces
 * @param {Object} attributes those that are null or undefined are left out
 * @param {...(Node|string|null)} children
 */
export function element(name, attributes = {}, ...children) {
    const [space, local] = name.includes(":") ? name.split(":") : [null, name];
    const made = space
        ? document.createElementNS(namespaces[space], local)
        : document.createElement(local);
    for (const [key, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined) made.setAttribute(key, value);
    }
    for (const child of children) {
        if (child !== null && child !== undefined) made.append(child);
    }
    return made;
}

/** The element with an id. */
export function byID(id) {
    return document.getElementById(id);
}

/** Runs `draw` once before the next frame, however often the returned function is called. */
export function onNextFrame(draw) {
    let pending = false;
    return () => {
        if (pending) return;
        pending = true;
        requestAnimationFrame(() => {
            pending = false;
            draw();
        });
    };
}
