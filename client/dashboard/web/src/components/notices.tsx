// Notices that no page may hide: that it is not live, that it shows another day, that a source has fallen silent.
import { useEffect, useState } from "preact/hooks";
import { here, useAddress, useView } from "../address";
import type { Health } from "../api/types";
import { announce } from "../announce";
import { useAnswer, useLive } from "../live/hooks";
import { live } from "../live/store";
import { useNames } from "../names";
import { age, clock, longDay, moment, plural } from "../text/format";
import { isSilent, reasonWords, sourceName } from "../text/feeds";

/** Seconds until an instant, counted down. */
function useSecondsUntil(instant: number | null): number | null {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        if (instant === null) return;
        setNow(Date.now());
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, [instant]);
    return instant === null ? null : Math.max(0, Math.round((instant - now) / 1000));
}

/** Says at once that the figures are no longer live, and since when; it stays in sight until they are. */
export function ConnectionBanner() {
    const view = useView();
    const condition = useLive((state) => state.condition);
    const why = useLive((state) => state.why);
    const heardAt = useLive((state) => state.heardAt);
    const started = useLive((state) => state.heartbeat === null);
    const seconds = useSecondsUntil(useLive((state) => state.retryAt));
    const { timeZone } = useNames();
    const lost = condition === "lost" || condition === "returning";
    const [told, setTold] = useState(false);
    // A page of a past day is not live and says so itself.
    const shown = lost && view.live;

    useEffect(() => {
        document.body.dataset.condition = shown ? "lost" : "fine";
    }, [shown]);
    useEffect(() => {
        if (told && !lost) announce("Live again. The figures have been loaded anew.");
        setTold(lost);
    }, [lost]);

    if (!shown) return null;
    return (
        <div class="app-lost" role="alert">
            <div class="govuk-width-container">
                <p class="app-lost__text">
                    <strong>
                        {started ? "Not live yet." : <>Not live since {clock(heardAt, timeZone, true)}.</>}
                    </strong>{" "}
                    {started ? "Nothing has been heard from the service." : "The figures on this page are from then."}{" "}
                    {why === "daemon" ? "The dashboard is there, but the waiting list service behind it does not answer." : why === "connection" ? "The connection was lost." : null}
                </p>
                {condition === "returning" && <p class="app-lost__text">The service is there again: loading the figures anew …</p>}
                {/* Outside what is read out: it changes every second. */}
                <p class="app-lost__text app-lost__retry" aria-live="off">
                    {condition === "returning" ? null : why === "daemon" ? "This page comes back by itself." : seconds === null ? "Trying again …" : `Trying again in ${plural(seconds, "second", "seconds")}.`}{" "}
                    {condition === "lost" && why !== "daemon" && (
                        <button type="button" class="app-link-button" onClick={() => live.retry()}>
                            Try now
                        </button>
                    )}
                </p>
            </div>
        </div>
    );
}

/** Says of a page about a past day what it is, and leads back. */
export function PastNotice() {
    const address = useAddress();
    const view = useView();
    if (view.asAt === null) return null;
    const other = view.basis === "reported" ? "known" : "reported";
    return (
        <div class="govuk-inset-text app-past" role="status">
            <p class="govuk-body govuk-!-margin-bottom-1">
                <strong>This is not live: position at the end of {longDay(view.asAt)}</strong>
                {view.basis === "reported" ? ", as it was reported at that midnight." : ", as known now."}
            </p>
            <p class="govuk-body govuk-!-margin-bottom-0 app-past__links">
                <a class="govuk-link" href={here({ basis: other === "known" ? null : other }, address)}>
                    {other === "reported" ? "Show it as it was reported" : "Show it as known now"}
                </a>
                <a class="govuk-link" href={here({ as_at: null, basis: null }, address)}>
                    Back to live
                </a>
            </p>
        </div>
    );
}

const HEALTH_EVERY_MS = 30_000;

/** Asks again every half minute: nothing is published when a source falls silent. */
function useHealth(): Health | null {
    const answer = useAnswer("health", {});
    const reload = answer.status === "loading" ? null : answer.retry;
    useEffect(() => {
        if (!reload) return;
        const timer = setTimeout(reload, HEALTH_EVERY_MS);
        return () => clearTimeout(timer);
    }, [answer]);
    return answer.status === "ready" ? answer.reply : null;
}

/** Sources that are silent and other reasons why the service is not well, in plain words; nothing when all is well. */
export function FeedNotice() {
    const health = useHealth();
    const { configuration, timeZone } = useNames();
    const view = useView();
    if (!health || !view.live) return null;
    const silent = health.sources.filter((source) => isSilent(source, configuration, health.now));
    const reasons = health.reasons.map(reasonWords).filter((words) => words !== null);
    if (silent.length === 0 && reasons.length === 0) return null;
    return (
        <div class="govuk-warning-text app-feeds" role="status">
            <span class="govuk-warning-text__icon" aria-hidden="true">
                !
            </span>
            <div class="govuk-warning-text__text">
                <span class="govuk-visually-hidden">Warning</span>
                {silent.map((source) => (
                    <p class="app-feeds__line" key={source.source}>
                        Nothing has come from {sourceName(source.source)}
                        {source.last_received ? (
                            <>
                                {" "}
                                since {moment(source.last_received, timeZone)} ({age(Date.parse(health.now) - Date.parse(source.last_received))} ago)
                            </>
                        ) : (
                            " yet"
                        )}
                        . What has happened there since is missing from these figures.
                    </p>
                ))}
                {reasons.map((words) => (
                    <p class="app-feeds__line" key={words}>
                        {words}
                    </p>
                ))}
            </div>
        </div>
    );
}
