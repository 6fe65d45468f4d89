// People waiting: the list to work from, filtered, sorted and paged by the daemon, live, and downloaded exactly as it is shown.
import { useEffect, useRef, useState } from "preact/hooks";
import { go, here, useAddress, useView, type View } from "../address";
import { announce } from "../announce";
import { apiAddress, type Question } from "../api/client";
import type { WaitsReply } from "../api/types";
import { OnlyTeams } from "../components/access";
import { allTeams, Chooser, LiveMark } from "../components/chooser";
import { PageTitle, Section } from "../components/page";
import { CursorPagination, usePageTurn } from "../components/pagination";
import { Empty, Loaded } from "../components/states";
import { useFresh } from "../live/fresh";
import { useAnswer, type Answer } from "../live/hooks";
import { live } from "../live/store";
import { usePosition } from "../live/summary";
import { ownTeams } from "../me";
import { useNames, type Names } from "../names";
import { changesWords, compareLists, isNothing, NO_CHANGES, type ListChanges } from "../people/changes";
import { DEFAULT_SORT, FIRST_PAGE, filterFields, filterQuestion, filterTags, PAGE_SIZES, sizeOf, sortOf } from "../people/filter";
import { rememberList } from "../people/last-list";
import { Filter } from "../people/filter-form";
import { Meanings, PeopleTable, sortWords } from "../people/table";
import { currentView, QUICK_VIEWS, viewChanges } from "../people/views";
import { clock, longDay, number, plural } from "../text/format";

/** Between two loads of the list while its queue changes, and where what happens changes no position. */
const FOLLOW_MS = 1500;
const FRESH_MS = 8000;

function placeWords(view: View, names: Names): string {
    return [view.pathway ? names.pathway(view.pathway) : null, view.team ? names.team(view.team) : allTeams(true)].filter(Boolean).join(", ");
}

/** What the address asks for, without the page of it. */
function listQuestion(view: View, query: URLSearchParams): Question {
    return { ...filterQuestion(query), pathway: view.pathway, team: view.team, as_at: view.asAt, sort: sortOf(query) };
}

function pageQuestion(view: View, query: URLSearchParams): Question {
    const cursor = query.get("cursor");
    const size = sizeOf(query);
    // Pages of a past day belong together under one knowledge; the live list goes on by its place in the order.
    return { ...listQuestion(view, query), limit: size, cursor, ...(cursor !== null && view.asAt !== null ? { known_at: query.get("known_at") } : {}) };
}

function QuickViews({ view }: { view: View }) {
    const address = useAddress();
    const answer = usePosition(view, view.pathway, view.team);
    const current = currentView(address.query);
    // What is published of all teams together is of everybody, and the list of a manager is not.
    const isOwn = ownTeams() === null || view.team !== null;
    const position = isOwn && answer.status === "ready" ? answer.reply.position : null;
    return (
        <nav class="moj-sub-navigation app-views" aria-label="Views of the list">
            <ul class="moj-sub-navigation__list">
                {QUICK_VIEWS.map((each) => (
                    <li class="moj-sub-navigation__item" key={each.name}>
                        <a class="moj-sub-navigation__link" href={here(viewChanges(each), address)} aria-current={each === current ? "page" : undefined}>
                            {each.label} {isOwn && <span class="app-views__count app-live">{position ? number(each.count(position)) : "…"}</span>}
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}

interface Seen {
    changes: ListChanges;
    /** When the list last came out otherwise than before. */
    at: number | null;
}

/** Compares each answer with the one before it to the same question, says what changed, and keeps it until the next change. */
function useChanges(reply: WaitsReply | null, key: string): Seen {
    const last = useRef<{ key: string; reply: WaitsReply } | null>(null);
    const [seen, setSeen] = useState<Seen & { key: string }>({ key, changes: NO_CHANGES, at: null });
    useEffect(() => {
        if (!reply) return;
        const before = last.current;
        last.current = { key, reply };
        if (!before || before.key !== key || before.reply === reply) return;
        const changes = compareLists(before.reply, reply);
        if (isNothing(changes)) return;
        // The service's clock, not this computer's.
        setSeen({ key, changes, at: Date.parse(live.state.heartbeat?.now ?? new Date().toISOString()) });
        announce(`List updated: ${changesWords(changes, reply.count)}`);
    }, [reply, key]);
    return seen.key === key ? seen : { changes: NO_CHANGES, at: null };
}

function RowsChoice({ size }: { size: string }) {
    const address = useAddress();
    return (
        <p class="govuk-body-s app-people__sizes">
            Rows on a page:{" "}
            {PAGE_SIZES.map(({ value, written }) => (
                <a
                    key={value}
                    class="govuk-link govuk-link--no-visited-state"
                    href={here({ ...FIRST_PAGE, rows: written }, address)}
                    aria-current={value === size ? "true" : undefined}
                    aria-label={`${number(Number(value))} rows on a page`}
                >
                    {number(Number(value))}
                </a>
            ))}
        </p>
    );
}

/** On a phone the heads of the table are not there to press. */
function SortChoice({ sort }: { sort: string }) {
    const address = useAddress();
    const choices = ["-days", "days_to_breach", "priority", "-risk", "last_contact", "subject"];
    const choose = (event: Event) => {
        event.preventDefault();
        const chosen = String(new FormData(event.currentTarget as HTMLFormElement).get("sort"));
        go(here({ ...FIRST_PAGE, sort: chosen === DEFAULT_SORT ? null : chosen }, address));
    };
    return (
        <form class="app-people__sort" onSubmit={choose} aria-label="Sort the list">
            <div class="govuk-form-group">
                <label class="govuk-label" for="people-sort">
                    Sort by
                </label>
                <select class="govuk-select" id="people-sort" name="sort" key={sort}>
                    {(choices.includes(sort) ? choices : [sort, ...choices]).map((each) => (
                        <option key={each} value={each} selected={each === sort}>
                            {sortWords(each)}
                        </option>
                    ))}
                </select>
            </div>
            <button type="submit" class="govuk-button govuk-button--secondary">
                Sort
            </button>
        </form>
    );
}

function headingWords(count: number | null, query: URLSearchParams, names: Names): string {
    if (count === null) return "The list";
    const current = currentView(query);
    const tags = filterTags(query, filterFields(names));
    const own = current && current.name !== "all" ? current.label.toLowerCase() : "";
    const words = current?.name === "scheduled" ? "people whose wait is planned" : query.has("status") && !current ? "people" : "people waiting";
    const one = words.replace("people whose wait is", "person whose wait is").replace("people", "person");
    const filtered = tags.length > (own ? 1 : 0) ? ", filtered" : "";
    const counted = count === 0 ? `No ${words}` : plural(count, one, words);
    return `${counted}${own && current?.name !== "scheduled" ? `, ${own}` : ""}${filtered}`;
}

interface ListProps {
    view: View;
    answer: Answer<WaitsReply>;
    reply: WaitsReply | null;
    seen: Seen;
}

function Tools({ view, reply, seen }: { view: View; reply: WaitsReply | null; seen: Seen }) {
    const address = useAddress();
    const names = useNames();
    const size = sizeOf(address.query);
    return (
        <div class="app-people__tools">
            <p class="govuk-body-s app-people__updated">
                {view.asAt
                    ? `At the end of ${longDay(view.asAt)}, as known now.`
                    : seen.at && reply
                      ? `Changed at ${clock(seen.at, names.timeZone, true)}: ${changesWords(seen.changes, reply.count)}.`
                      : "Kept up to date as things happen."}
            </p>
            {reply && reply.count > 0 && (
                <p class="govuk-body-s app-people__csv">
                    <a class="govuk-link" href={apiAddress("waits", { ...listQuestion(view, address.query), known_at: reply.known_at }, "csv")} download="people-waiting.csv">
                        Download {reply.count === 1 ? "this 1 row" : `all ${number(reply.count)} rows`} (CSV)
                    </a>
                </p>
            )}
            <RowsChoice size={size} />
        </div>
    );
}

function List({ view, answer, reply, seen }: ListProps) {
    const address = useAddress();
    const sort = sortOf(address.query);
    const from = address.query.has("cursor") ? Number(address.query.get("from") ?? 0) || 0 : 0;
    // While another list is loaded its place keeps its height, so that nothing jumps.
    const box = useRef<HTMLDivElement>(null);
    const height = useRef(0);
    useEffect(() => {
        if (answer.status === "ready") height.current = box.current?.offsetHeight ?? 0;
    }, [answer]);
    const shown = reply ? (reply.rows.length === 0 ? "No rows" : `Rows ${number(from + 1)} to ${number(from + reply.rows.length)} of ${number(reply.count)}`) : "";
    return (
        <div ref={box} style={answer.status === "loading" ? { minHeight: height.current } : {}}>
            {answer.status === "failed" ? (
                <Loaded answer={answer}>{() => null}</Loaded>
            ) : (
                <>
                    {answer.status === "ready" && answer.old && <Loaded answer={answer}>{() => null}</Loaded>}
                    <p class="govuk-body-s app-people__shown" aria-live="off">
                        {shown && `${shown}, by ${sortWords(sort)}`}
                    </p>
                    <PeopleTable
                        caption="People on the list"
                        rows={reply?.rows ?? []}
                        sort={sort}
                        pathway={view.pathway}
                        team={view.team}
                        today={reply?.as_at ?? ""}
                        changes={seen.changes}
                        instead={reply === null ? "Loading …" : reply.rows.length === 0 ? <Nobody filtered={filterTags(address.query, []).length > 0} /> : null}
                    />
                    {reply && <CursorPagination next={reply.next} knownAt={view.asAt ? reply.known_at : null} from={from} shown={reply.rows.length} count={reply.count} />}
                </>
            )}
        </div>
    );
}

function Nobody({ filtered }: { filtered: boolean }) {
    return <Empty>{filtered ? "Nobody fits these filters. Take one away to see more people." : "Nobody is waiting here."}</Empty>;
}

function LiveList({ view }: { view: View }) {
    const address = useAddress();
    const names = useNames();
    const question = pageQuestion(view, address.query);
    // Teams of all pathways together are not published: then any change counts.
    const follow = view.live ? { pathway: view.pathway, team: view.pathway ? view.team : null, everyMs: FOLLOW_MS } : null;
    const answer = useAnswer("waits", question, follow);
    useFresh(answer, view.live, FRESH_MS);
    const reply = answer.status === "ready" ? answer.reply : null;
    const seen = useChanges(reply, apiAddress("waits", question));
    const sort = sortOf(address.query);
    usePageTurn("the-list");
    return (
        <Section title={headingWords(reply?.count ?? null, address.query, names)} id="the-list" class="app-people-section">
            {reply?.restricted_to && <OnlyTeams teams={reply.restricted_to} />}
            <Tools view={view} reply={reply} seen={seen} />
            <SortChoice sort={sort} />
            <List view={view} answer={answer} reply={reply} seen={seen} />
            <Meanings />
        </Section>
    );
}

function NoReportedList() {
    const address = useAddress();
    return (
        <Section title="There is no list of people as reported">
            <p class="govuk-body">What was reported at the end of a day are counts: how many waited, how long, how many over their standard. No list of people is kept with them.</p>
            <p class="govuk-body">
                <a class="govuk-link" href={here({ basis: null }, address)}>
                    Show the people of that day as known now
                </a>
            </p>
        </Section>
    );
}

export default function People() {
    const view = useView();
    const names = useNames();
    const address = useAddress();
    useEffect(() => rememberList(here({}, address)), [address]);
    return (
        <>
            <PageTitle title="People waiting" caption={placeWords(view, names)}>
                <LiveMark />
            </PageTitle>
            <Chooser pathway="any" people />
            {view.basis === "reported" ? (
                <NoReportedList />
            ) : (
                <>
                    <QuickViews view={view} />
                    <Filter />
                    <LiveList view={view} />
                </>
            )}
        </>
    );
}
