// What the page's tests look at in the page itself; evaluated there, it returns functions.
(() => {
    const isVisible = (element) => element.checkVisibility({ visibilityProperty: true })
        && !element.closest(".visually-hidden, .skip");

    const channels = (color) => {
        const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };

    const luminance = (color) => {
        const [red, green, blue] = channels(color).slice(0, 3).map((channel) => {
            const share = channel / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };

    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (channels(color)[3] === 255) return color;
        }
        return "white";
    };

    const ratio = (first, second) => {
        const [bright, dark] = [luminance(first), luminance(second)].sort((a, b) => b - a);
        return (bright + 0.05) / (dark + 0.05);
    };

    /** Texts whose contrast WCAG 2.2 AA does not allow. */
    const faintTexts = () => {
        const faint = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const text = walker.currentNode.data.trim();
            const element = walker.currentNode.parentElement;
            if (text === "" || !isVisible(element)) continue;
            if (element.closest(":disabled, noscript")) continue;
            const style = getComputedStyle(element);
            const color = element instanceof SVGElement ? style.fill : style.color;
            const size = parseFloat(style.fontSize);
            const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            const contrast = ratio(color, ground(element));
            if (contrast >= (isLarge ? 3 : 4.5)) continue;
            faint.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
        }
        return faint;
    };

    const controls = () => [
        ...document.querySelectorAll(
            "button, input, textarea, select, a[href], summary, [tabindex]"),
    ].filter(isVisible);

    const name = (element) => {
        const labelledBy = element.getAttribute("aria-labelledby");
        return (labelledBy && document.getElementById(labelledBy)?.textContent)
            || element.getAttribute("aria-label")
            || (element.labels && [...element.labels].map((label) => label.textContent).join(" "))
            || (element.matches("button, a, summary") && element.textContent) || "";
    };

    const describe = ({ localName, id, className }) => `${localName}#${id}.${className}`;

    return {
        faintTexts,
        nameless: () => controls().filter((each) => name(each).trim() === "").map(describe),
        small: () => controls().filter((each) => {
            const box = each.getBoundingClientRect();
            return box.width < 24 || box.height < 24;
        }).map(describe),
        repeatedIDs: () => {
            const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
            return ids.filter((id, at) => ids.indexOf(id) !== at);
        },
        danglingReferences: () => [...document.querySelectorAll(
            "[aria-labelledby], [aria-describedby], label[for]")].flatMap((each) => [
            ...`${each.getAttribute("aria-labelledby") ?? ""} `
                .concat(each.getAttribute("aria-describedby") ?? "", " ", each.htmlFor ?? "")
                .split(/\s+/),
        ]).filter((id) => id !== "" && !document.getElementById(id)),
        headings: () => [...document.querySelectorAll("h1, h2, h3")].filter(isVisible)
            .map((each) => Number(each.tagName[1])),
        overflow: () => document.documentElement.scrollWidth - innerWidth,
    };
})()
