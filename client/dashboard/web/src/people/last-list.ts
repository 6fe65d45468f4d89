// Where the list was left, so that a person's page leads back to the very same view of it; kept for the visit only.

const KEY = "waitlist.list";

export function rememberList(href: string): void {
    try {
        sessionStorage.setItem(KEY, href);
    } catch {
        // Storage may be forbidden; then the way back leads to the plain list.
    }
}

export function lastList(): string | null {
    try {
        const href = sessionStorage.getItem(KEY);
        return href?.startsWith("/people") ? href : null;
    } catch {
        return null;
    }
}
