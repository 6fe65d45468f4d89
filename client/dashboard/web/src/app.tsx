// The frame around every page: navigation, notices, the page of the address, footer.
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useAddress } from "./address";
import { Patterns } from "./charts/patterns";
import { NoAccess } from "./components/access";
import { ConnectionBanner, FeedNotice, PastNotice } from "./components/notices";
import { Footer, Header } from "./components/frame";
import { PageTitle } from "./components/page";
import { Loading } from "./components/states";
import { may } from "./me";
import { NamesProvider } from "./names";
import { routeOf, type Route } from "./routes";

/** The scripts of a page are loaded when it is first opened, and may be gone after the dashboard was updated. */
function usePage(route: Route | undefined): { page: ComponentType | null; failed: boolean } {
    const [loaded, setLoaded] = useState<{ route: Route; page: ComponentType | null } | null>(null);
    useEffect(() => {
        if (!route) return;
        let wanted = true;
        route.load().then(
            (module) => wanted && setLoaded({ route, page: module.default }),
            () => wanted && setLoaded({ route, page: null }),
        );
        return () => void (wanted = false);
    }, [route]);
    if (!loaded || loaded.route !== route) return { page: null, failed: false };
    return { page: loaded.page, failed: loaded.page === null };
}

function NotLoaded() {
    return (
        <>
            <PageTitle title="This page could not be loaded" />
            <p class="govuk-body">The dashboard may have been updated, or cannot be reached.</p>
            <p class="govuk-body">
                <button type="button" class="govuk-button" onClick={() => location.reload()}>
                    Load it again
                </button>
            </p>
        </>
    );
}

function NotFound() {
    return (
        <>
            <PageTitle title="Page not found" />
            <p class="govuk-body">If you typed the address, check that it is correct.</p>
            <p class="govuk-body">
                <a class="govuk-link" href="/">
                    Go to the overview
                </a>
            </p>
        </>
    );
}

function CurrentPage() {
    const route = routeOf(useAddress().path);
    const allowed = route !== undefined && may(route.needs);
    const { page: Page, failed } = usePage(allowed ? route : undefined);
    if (!route) return <NotFound />;
    if (!allowed) return <NoAccess key={route.path} page={route.label ?? route.name ?? ""} needs={route.needs} />;
    if (failed) return <NotLoaded />;
    return Page ? <Page key={route.path} /> : <Loading />;
}

export function App() {
    const skip = useRef<HTMLAnchorElement>(null);
    // It moves the focus too: the address alone would leave it where it is.
    useEffect(() => void new SkipLink(skip.current), []);
    return (
        <NamesProvider>
            <a href="#main-content" class="govuk-skip-link" data-module="govuk-skip-link" ref={skip}>
                Skip to main content
            </a>
            <Header />
            <ConnectionBanner />
            <div class="govuk-width-container app-page">
                <FeedNotice />
                <PastNotice />
                <main class="govuk-main-wrapper" id="main-content">
                    <CurrentPage />
                </main>
            </div>
            <Footer />
            <Patterns />
            <div id="announcements" class="govuk-visually-hidden" aria-live="polite" />
        </NamesProvider>
    );
}
