// Checks a page against WCAG 2.2 AA with axe-core, and says what it found in words that lead to the place.
import { readFileSync } from "node:fs";
import { AXE } from "./packages.mjs";

const SOURCE = readFileSync(AXE, "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** How each page is looked at: a name, and the options of the browser's page. */
export const LOOKS = [
    ["wide and light", { viewport: { width: 1366, height: 900 }, colorScheme: "light" }],
    ["wide and dark", { viewport: { width: 1366, height: 900 }, colorScheme: "dark" }],
    ["narrow", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

/** One line for each element that axe objects to; empty for a page without fault. */
export async function faultsOf(page) {
    // Through the protocol and not as a script element: the page's own policy forbids those, and must.
    await page.evaluate(SOURCE);
    const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target}: ${failureSummary}`));
}
