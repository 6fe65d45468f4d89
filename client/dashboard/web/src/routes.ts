// The pages: their paths, their names in the navigation, and how each is loaded when it is first opened.
import type { ComponentType } from "preact";

export interface Route {
    path: string;
    /** In the navigation, in this order; null keeps a page out of it. */
    label: string | null;
    load: () => Promise<{ default: ComponentType }>;
}

export const ROUTES: readonly Route[] = [
    { path: "/", label: "Overview", load: () => import("./pages/overview") },
    { path: "/queue", label: "Queue", load: () => import("./pages/queue") },
    { path: "/people", label: "People waiting", load: () => import("./pages/people") },
    { path: "/wait", label: null, load: () => import("./pages/wait") },
    { path: "/alerts", label: "Alerts", load: () => import("./pages/alerts") },
    { path: "/caseloads", label: "Caseloads", load: () => import("./pages/caseloads") },
    { path: "/compare", label: "Compare", load: () => import("./pages/compare") },
    { path: "/data-quality", label: "Data quality", load: () => import("./pages/data-quality") },
    { path: "/evidence", label: "Evidence", load: () => import("./pages/evidence") },
    { path: "/definitions", label: "Definitions", load: () => import("./pages/definitions") },
];

export function routeOf(path: string): Route | undefined {
    const plain = path.length > 1 ? path.replace(/\/+$/, "") : path;
    return ROUTES.find((route) => route.path === plain);
}
