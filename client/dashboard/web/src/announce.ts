// Says something to screen readers, politely, in the page's one live region.

const DELAY_MS = 100;
let timer: ReturnType<typeof setTimeout> | undefined;

/** The last thing said within a moment wins; the region is emptied first so that the same words are heard twice. */
export function announce(text: string): void {
    const region = document.getElementById("announcements");
    if (!region) return;
    region.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(() => {
        region.textContent = text;
    }, DELAY_MS);
}
