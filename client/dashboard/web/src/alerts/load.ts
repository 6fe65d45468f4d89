// Loads the open alerts page by page and keeps them by the stream; looks back through the log for those that have ended.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem, type Question } from "../api/client";
import type { Heartbeat, Transition } from "../api/types";
import { useLive } from "../live/hooks";
import { live } from "../live/store";
import { applied, type AlertFilter, type OpenAlerts } from "./open";

const PAGE = 1000;
/** More open alerts than this are not loaded: the page says so and asks for a team. */
export const OPEN_MOST = 40_000;
const BATCH_MS = 300;

export interface Loaded {
    open: OpenAlerts;
    status: "loading" | "ready" | "failed";
    problem: Problem | null;
    /** There are more than are loaded. */
    cut: boolean;
    /** Whether these are of the place that is asked for now. */
    own: boolean;
    retry: () => void;
}

interface State {
    key: string;
    open: OpenAlerts;
    status: "loading" | "ready" | "failed";
    problem: Problem | null;
    cut: boolean;
}

/** The open alerts of a place, from the first answer on: loaded once, then kept by the stream, which may have begun later than the answer. */
class Follower {
    private open: OpenAlerts = new Map();
    private ready = false;
    private cut = false;
    private waiting: Transition[] = [];
    private timer: ReturnType<typeof setTimeout> | undefined;
    /** The seq of the last transition of each alert that was heard of. */
    private readonly newest = new Map<string, number>();
    /** Up to which seq of the log everything has been heard of. */
    private seen = 0;
    private behind = false;
    private catching = false;
    private beat: Heartbeat | null = null;
    private readonly abort = new AbortController();
    private readonly ends: (() => void)[];

    constructor(
        private readonly filter: AlertFilter,
        private readonly show: (open: OpenAlerts, cut: boolean) => void,
        private readonly raised: (alerts: Transition[]) => void,
    ) {
        this.ends = [live.onAlert((transition) => this.hear(transition)), live.subscribe(() => this.look())];
    }

    async load(): Promise<void> {
        const rows: Transition[] = [];
        for (let since = 0; ; ) {
            const question: Question = { state: "open", limit: PAGE, ...this.filter, ...(since > 0 ? { since } : {}) };
            const reply = await ask("alerts", question, this.abort.signal);
            rows.push(...reply.rows);
            const more = reply.rows.length === PAGE && reply.through > since;
            this.cut = more && rows.length >= OPEN_MOST;
            if (!more || this.cut) {
                // What comes behind the last page that was asked for is heard of by the stream, or asked for.
                this.seen = Math.max(this.seen, reply.through);
                break;
            }
            since = reply.through;
        }
        this.open = applied(this.open, rows, this.filter);
        this.ready = true;
        // What was heard meanwhile may be older than its page or newer: in its order it comes to the same.
        this.take();
        this.show(this.open, this.cut);
    }

    private hear(transition: Transition): void {
        this.seen = Math.max(this.seen, transition.seq);
        this.waiting.push(transition);
        if (!this.ready) return;
        this.timer ??= setTimeout(() => {
            this.take();
            this.show(this.open, this.cut);
        }, BATCH_MS);
    }

    private take(): void {
        clearTimeout(this.timer);
        this.timer = undefined;
        // What is asked for later may be older than what the stream has told already.
        const batch = this.waiting.sort((a, b) => a.seq - b.seq).filter((each) => each.seq > (this.newest.get(each.alert_id) ?? 0));
        for (const each of batch) this.newest.set(each.alert_id, each.seq);
        this.waiting = [];
        this.open = applied(this.open, batch, this.filter);
        const raised = batch.filter((each) => each.transition === "raised" && this.open.has(each.alert_id));
        if (raised.length > 0) this.raised(raised);
    }

    /** Two heartbeats that are ahead of what was heard: something was logged before the stream began. */
    private look(): void {
        const { heartbeat, condition } = live.state;
        if (!this.ready || this.catching || condition !== "live" || heartbeat === null || heartbeat === this.beat) return;
        this.beat = heartbeat;
        const behind = heartbeat.alert_seq > this.seen;
        if (behind && this.behind) void this.catchUp();
        this.behind = behind;
    }

    private async catchUp(): Promise<void> {
        this.catching = true;
        try {
            for (let since = this.seen; ; ) {
                const reply = await ask("alerts", { limit: PAGE, ...this.filter, ...(since > 0 ? { since } : {}) }, this.abort.signal);
                for (const row of reply.rows) this.hear(row);
                this.seen = Math.max(this.seen, reply.through);
                if (reply.through <= since || reply.rows.length < PAGE) return;
                since = reply.through;
            }
        } catch {
            // The next heartbeats begin it again.
        } finally {
            this.catching = false;
        }
    }

    end(): void {
        this.abort.abort();
        for (const end of this.ends) end();
        this.take();
    }
}

/** `onNew` hears of alerts that are raised while the page is open, many at a time. */
export function useOpenAlerts(filter: AlertFilter, onNew: (raised: Transition[]) => void): Loaded {
    const key = JSON.stringify(filter);
    const generation = useLive((state) => state.generation);
    const [asked, setAsked] = useState(0);
    const [state, setState] = useState<State>({ key, open: new Map(), status: "loading", problem: null, cut: false });
    const tell = useRef(onNew);
    tell.current = onNew;
    // At midnight many are raised, and all is loaded again at the same time: each is told once, whichever comes first.
    const told = useRef(new Set<string>());

    useEffect(() => {
        // What is shown of the same place stays until all of it is there anew.
        setState((before) => (before.key === key && before.status !== "failed" ? before : { key, open: new Map(), status: "loading", problem: null, cut: false }));
        let gone = false;
        const follower = new Follower(
            filter,
            (open, cut) => setState({ key, open, status: "ready", problem: null, cut }),
            (raised) => {
                const news = raised.filter((alert) => !told.current.has(alert.alert_id));
                for (const alert of news) told.current.add(alert.alert_id);
                if (news.length > 0) tell.current(news);
            },
        );
        follower.load().catch((failure: unknown) => {
            if (gone) return;
            const problem = failure instanceof Problem ? failure : new Problem(0, "internal", String(failure));
            setState((before) => ({ ...before, key, status: "failed", problem }));
        });
        return () => {
            gone = true;
            follower.end();
        };
    }, [key, generation, asked]);

    const own = state.key === key;
    return { ...state, status: own ? state.status : "loading", own, retry: () => setAsked((count) => count + 1) };
}

const LOOKBACK = { first: 1000, most: 20_000, times: 40 };

export interface Ended {
    /** The newest first. */
    rows: Transition[];
    /** Behind which seq it goes on; null where the log begins. */
    before: number | null;
}

/**
 * The last `wanted` alerts that ended, looking back from `from` as far as it takes within reason. `last` is the newest seq that is
 * wanted; without it everything that has been logged since `from` was known comes too.
 */
export async function loadEnded(filter: Question, from: number, last: number | null, wanted: number, signal: AbortSignal): Promise<Ended> {
    let rows: Transition[] = [];
    let to = from;
    let size = LOOKBACK.first;
    for (let times = 0; rows.length < wanted && (to > 0 || times === 0) && times < LOOKBACK.times; times += 1) {
        const begin = Math.max(0, to - size);
        const until = times === 0 && last === null ? Infinity : to;
        const found: Transition[] = [];
        for (let since = begin; since < until; ) {
            const reply = await ask("alerts", { ...filter, transition: "resolved", limit: PAGE, ...(since > 0 ? { since } : {}) }, signal);
            found.push(...reply.rows.filter((row) => row.seq <= until));
            if (reply.through <= since) break;
            since = reply.through;
        }
        rows = [...rows, ...found.reverse()];
        to = begin;
        size = Math.min(LOOKBACK.most, size * 4);
    }
    const shown = rows.slice(0, wanted);
    const rest = rows.length > wanted ? shown[shown.length - 1]!.seq - 1 : to;
    return { rows: shown, before: rest > 0 ? rest : null };
}
