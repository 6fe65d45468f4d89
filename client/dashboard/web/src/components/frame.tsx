// Header and footer: GOV.UK's service navigation, without the crown and the typeface that are the government's own.
import { ServiceNavigation } from "govuk-frontend/dist/govuk/components/service-navigation/service-navigation.mjs";
import { useEffect, useRef } from "preact/hooks";
import { link, useAddress } from "../address";
import { useLive } from "../live/hooks";
import { may, me, roleWords } from "../me";
import { useNames } from "../names";
import { ROUTES, routeOf } from "../routes";
import { number } from "../text/format";

/** Who is signed in and as what; the form works without a script too, and a link could not sign anybody out. */
function Who() {
    const names = useNames();
    const { user, sign_in } = me();
    return (
        <div class="app-header__who app-no-print">
            <span>
                {user ?? "Nobody signs in here"}
                <span class="app-header__role"> {roleWords(me(), names.team)}</span>
            </span>
            {sign_in === "tokens" && (
                <form action="/sign-out" method="post">
                    <button type="submit" class="app-link-button">
                        Sign out
                    </button>
                </form>
            )}
        </div>
    );
}

export function Header() {
    const root = useRef<HTMLElement>(null);
    const { council } = useNames();
    const address = useAddress();
    const current = routeOf(address.path);
    useEffect(() => void new ServiceNavigation(root.current), []);
    return (
        <header class="app-header">
            <div class="app-header__council">
                <div class="govuk-width-container app-header__line">
                    <span>{council || "\u00a0"}</span>
                    <Who />
                </div>
            </div>
            <section class="govuk-service-navigation" aria-label="Service information" data-module="govuk-service-navigation" ref={root}>
                <div class="govuk-width-container">
                    <div class="govuk-service-navigation__container">
                        <span class="govuk-service-navigation__service-name">
                            <a href={link("/", {}, address.query)} class="govuk-service-navigation__link">
                                Waiting lists
                            </a>
                        </span>
                        <nav aria-label="Menu" class="govuk-service-navigation__wrapper">
                            <button
                                type="button"
                                class="govuk-service-navigation__toggle govuk-js-service-navigation-toggle"
                                aria-controls="navigation"
                                hidden
                                aria-hidden="true"
                            >
                                Menu
                            </button>
                            <ul class="govuk-service-navigation__list" id="navigation">
                                {ROUTES.filter((route) => route.label !== null && may(route.needs)).map((route) => (
                                    <li key={route.path} class={`govuk-service-navigation__item${route === current ? " govuk-service-navigation__item--active" : ""}`}>
                                        <a
                                            class="govuk-service-navigation__link"
                                            href={link(route.path, {}, address.query)}
                                            aria-current={route === current ? "page" : undefined}
                                        >
                                            {route === current ? <strong class="govuk-service-navigation__active-fallback">{route.label}</strong> : route.label}
                                        </a>
                                    </li>
                                ))}
                            </ul>
                        </nav>
                    </div>
                </div>
            </section>
        </header>
    );
}

export function Footer() {
    const heartbeat = useLive((state) => state.heartbeat);
    return (
        <footer class="app-footer">
            <div class="govuk-width-container">
                <p class="govuk-body-s app-footer__line">
                    Standards are the council’s own: the law sets no time limit for a Care Act assessment. People are shown by reference only.
                </p>
                <p class="govuk-body-s app-footer__line app-footer__version">
                    {heartbeat ? `waitlistd ${heartbeat.version} · journal record ${number(heartbeat.journal_seq)}` : "waitlistd"}
                </p>
            </div>
        </footer>
    );
}
