// The pages: their paths, their names in the navigation, and how each is loaded when it is first opened.
import type { ComponentType } from "preact";
import type { Role } from "./me";

export interface Route {
    path: string;
    /** In the navigation, in this order; null keeps a page out of it. */
    label: string | null;
    /** What it is called where it has no label. */
    name?: string;
    /** Whoever has less finds no way to it. */
    needs: Role;
    load: () => Promise<{ default: ComponentType }>;
}

export const ROUTES: readonly Route[] = [
    { path: "/", label: "Overview", needs: "viewer", load: () => import("./pages/overview") },
    { path: "/queue", label: "Queue", needs: "viewer", load: () => import("./pages/queue") },
    { path: "/people", label: "People waiting", needs: "manager", load: () => import("./pages/people") },
    { path: "/wait", label: null, name: "A wait", needs: "manager", load: () => import("./pages/wait") },
    { path: "/alerts", label: "Alerts", needs: "manager", load: () => import("./pages/alerts") },
    { path: "/caseloads", label: "Caseloads", needs: "manager", load: () => import("./pages/caseloads") },
    { path: "/compare", label: "Compare", needs: "viewer", load: () => import("./pages/compare") },
    { path: "/data-quality", label: "Data quality", needs: "manager", load: () => import("./pages/data-quality") },
    { path: "/evidence", label: "Evidence", needs: "analyst", load: () => import("./pages/evidence") },
    { path: "/definitions", label: "Definitions", needs: "viewer", load: () => import("./pages/definitions") },
];

export function routeOf(path: string): Route | undefined {
    const plain = path.length > 1 ? path.replace(/\/+$/, "") : path;
    return ROUTES.find((route) => route.path === plain);
}
