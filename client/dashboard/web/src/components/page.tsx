// The heading of a page: its title in the window, focus after navigation, and what changed said to screen readers.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../announce";
import { useNames } from "../names";

const SERVICE = "Waiting lists";
/** Whether a page was shown before: the focus is moved only by navigation, not when the dashboard is opened. */
let opened = false;

export function PageTitle({ title, caption, children }: { title: string; caption?: string; children?: ComponentChildren }) {
    const heading = useRef<HTMLHeadingElement>(null);
    const mounted = useRef(false);
    const { council } = useNames();
    const whole = caption ? `${title}: ${caption}` : title;

    useEffect(() => {
        document.title = [whole, SERVICE, council].filter(Boolean).join(" – ");
    }, [whole, council]);
    useEffect(() => {
        if (mounted.current) announce(`Now showing ${whole}`);
        mounted.current = true;
    }, [whole]);
    useEffect(() => {
        const place = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
        if (place) {
            place.scrollIntoView();
        } else if (opened) {
            window.scrollTo(0, 0);
            heading.current?.focus({ preventScroll: true });
        }
        opened = true;
    }, []);

    return (
        <div class="app-title">
            <h1 class="govuk-heading-l app-title__heading" tabIndex={-1} ref={heading}>
                {title}
                {caption && <span class="govuk-visually-hidden">: </span>}
                {caption && <span class="govuk-caption-l">{caption}</span>}
            </h1>
            {children}
        </div>
    );
}

/** A part of a page with its heading; `about` stands under it in plain words. */
export function Section(props: { title: string; about?: ComponentChildren; level?: 2 | 3; id?: string; class?: string; children: ComponentChildren }) {
    const Heading = props.level === 3 ? "h3" : "h2";
    const id = props.id ?? `section-${props.title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
    return (
        <section class={`app-section ${props.class ?? ""}`} aria-labelledby={id}>
            <Heading class="govuk-heading-m app-section__heading" id={id}>
                {props.title}
            </Heading>
            {props.about && <p class="govuk-body-s app-section__about">{props.about}</p>}
            {props.children}
        </section>
    );
}
