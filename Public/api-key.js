import { byID } from "./elements.js";

const entry = "laconic-api-key";

/** The key of this tab, or null. */
export function apiKey() {
    return sessionStorage.getItem(entry);
}

let asking = null;
let isDeclined = false;

/**
 * Asks the person for a key; requests that fail together ask once, and who has declined is only
 * asked again on demand.
 *
 * @param {boolean} isWanted whether the person wants to be asked
 * @returns {Promise<boolean>} whether there is a new one
 */
export async function askForKey(isWanted = false) {
    if (isDeclined && !isWanted) return false;
    asking ??= new Promise((resolve) => {
        const dialog = byID("key-dialog");
        const field = byID("key");
        byID("key-message").textContent = apiKey() === null
            ? "It stays in this tab and is forgotten with it."
            : "The key of this tab was refused. Another one?";
        field.value = "";
        dialog.returnValue = "";
        dialog.addEventListener("close", () => {
            asking = null;
            const isGiven = dialog.returnValue === "use" && field.value.trim() !== "";
            if (isGiven) sessionStorage.setItem(entry, field.value.trim());
            field.value = "";
            isDeclined = !isGiven;
            resolve(isGiven);
        }, { once: true });
        dialog.showModal();
    });
    return asking;
}
