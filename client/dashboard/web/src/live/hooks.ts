// What components use of the live store: the state, live positions, and answers that are loaded again when they have become old.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem, queryString, type Question } from "../api/client";
import type { Keys, Operation, Position, Replies } from "../api/types";
import type { LiveState } from "./state";
import { live, positionKey } from "./store";

/** A part of the live state; the component is drawn again only when that part changes. */
export function useLive<T>(select: (state: LiveState) => T): T {
    const [, setSelected] = useState(() => select(live.state));
    const newest = useRef(select);
    newest.current = select;
    useEffect(() => {
        const look = () => setSelected(() => newest.current(live.state));
        look();
        return live.subscribe(look);
    }, []);
    return select(live.state);
}

export type Answer<T> =
    | { status: "loading" }
    | { status: "failed"; problem: Problem; retry: () => void }
    /** `old` is why the newest attempt to load it again failed: the reply is not of now. */
    | { status: "ready"; reply: T; old: Problem | null; retry: () => void };

export interface Follow {
    /** Loads again when the position of this pathway and team changes; null is all. Without it only a new generation does. */
    pathway: string | null;
    team: string | null;
    /** The shortest time between two loads. */
    everyMs?: number;
}

/** Of days that are over: loaded once, and neither followed nor loaded again when a lost stream is back. */
export const ONCE = "once";

const EVERY_MS = 1000;

/**
 * The answer to a question, from the gateway. It is loaded again when the question changes, when the stream was lost and is back, and
 * with `follow` soon after what it is about has changed. While it is loaded again the last answer stays; that to another question goes.
 */
export function useAnswer<Op extends Operation>(operation: Op, question: Question | null, follow: Follow | typeof ONCE | null = null): Answer<Replies[Op]> {
    const address = question === null ? null : operation + queryString(question);
    const generation = useLive((state) => state.generation);
    const [asked, setAsked] = useState(0);
    const [answer, setAnswer] = useState<{ address: string | null; value: Answer<Replies[Op]> }>({ address, value: { status: "loading" } });
    const isKept = follow === ONCE && answer.address === address && answer.value.status === "ready";
    const wanted = useRef(generation);
    if (!isKept) wanted.current = generation;
    const seq = useRef(-1);
    const held = useRef({});
    const retry = () => setAsked((count) => count + 1);

    useEffect(() => {
        if (question === null) return;
        const abort = new AbortController();
        const loaded = () => {
            if (!abort.signal.aborted) live.hold(held.current, generation);
        };
        ask(operation, question, abort.signal).then(
            (reply) => {
                seq.current = seqOf(reply);
                setAnswer({ address, value: { status: "ready", reply, old: null, retry } });
            },
            (failure: unknown) => {
                if (abort.signal.aborted) return;
                const problem = failure instanceof Problem ? failure : new Problem(0, "internal", String(failure));
                setAnswer((before) =>
                    before.address === address && before.value.status === "ready"
                        ? { address, value: { ...before.value, old: problem } }
                        : { address, value: { status: "failed", problem, retry } },
                );
            },
        ).finally(loaded);
        return () => abort.abort();
    }, [address, wanted.current, asked]);
    // Until then it is an answer of before.
    useEffect(() => {
        if (address === null) return;
        live.hold(held.current, -1);
        return () => live.release(held.current);
    }, [address]);
    useEffect(() => {
        if (isKept) live.hold(held.current, generation);
    }, [isKept, generation]);

    useFollow(follow === ONCE ? null : follow, address, seq, retry);
    return answer.address === address ? answer.value : { status: "loading" };
}

/** Calls `reload` when what is followed changes, at once and then at most every so often. */
function useFollow(follow: Follow | null, address: string | null, seq: { current: number }, reload: () => void): void {
    const key = follow && positionKey(follow.pathway, follow.team);
    const everyMs = follow?.everyMs ?? EVERY_MS;
    useEffect(() => {
        if (key === null || address === null) return;
        let last = 0;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const soon = () => {
            timer ??= setTimeout(
                () => {
                    timer = undefined;
                    last = Date.now();
                    reload();
                },
                Math.max(0, last + everyMs - Date.now()),
            );
        };
        const endPosition = live.onPosition((changed) => {
            if (changed === key && (live.position(key)?.journal_seq ?? 0) > seq.current) soon();
        });
        // What was committed between the answer and the first heartbeat was published to nobody on this page.
        let checked = false;
        const endState = live.subscribe(() => {
            const heartbeat = live.state.heartbeat;
            if (checked || seq.current < 0 || heartbeat === null || live.state.condition !== "live") return;
            checked = true;
            if (heartbeat.journal_seq > seq.current) soon();
        });
        return () => {
            clearTimeout(timer);
            endPosition();
            endState();
        };
    }, [key, address, everyMs]);
}

/** The journal's seq that an answer includes; -1 where it says none. */
function seqOf(reply: object): number {
    return "journal_seq" in reply && typeof reply.journal_seq === "number" ? reply.journal_seq : -1;
}

export interface Group {
    keys: Keys;
    position: Position;
}

/** The live value of a position where it is newer than the one that was loaded with `seq` for `day`. */
export function newer(loaded: Position | undefined, day: string, seq: number, pathway: string | null, team: string | null): Position | undefined {
    const published = live.position(positionKey(pathway, team));
    if (!published || published.today < day || (published.today === day && published.journal_seq < seq)) return loaded;
    return published.position;
}

/** Draws the component again when a published position changes, at most once a frame. */
export function usePositions(on: boolean): void {
    const [, draw] = useState(0);
    useEffect(() => {
        if (!on) return;
        let frame = 0;
        const end = live.onPosition(() => {
            frame ||= setTimeout(() => {
                frame = 0;
                draw((count) => count + 1);
            }, 50) as unknown as number;
        });
        return () => {
            clearTimeout(frame);
            end();
        };
    }, [on]);
}
