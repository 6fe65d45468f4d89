// The page's live store: listens through the shared worker, knows whether it is live, keeps positions, passes alerts on.
import type { Heartbeat, Position, Publication, Transition } from "../api/types";
import { checkMe } from "../me";
import { Connection, type ConnectionMessage } from "./connection";
import { begin, step, type LiveInput, type LiveState } from "./state";
import type { TabMessage } from "./worker";

/** Set by the build: the address of the shared worker's script, which has its hash in its name. */
declare const LIVE_WORKER: string;

const TICK_MS = 500;

/** A published position, newer than what was asked for when it has a later day or a later seq. */
export interface LivePosition {
    position: Position;
    today: string;
    journal_seq: number;
}

/** Names the position of a pathway and team; null is all of them. */
export function positionKey(pathway: string | null, team: string | null): string {
    return `${pathway ?? "*"}.${team ?? "*"}`;
}

type Listener = () => void;

export class LiveStore {
    private current: LiveState = begin(Date.now());
    private readonly positions = new Map<string, LivePosition>();
    private readonly listeners = new Set<Listener>();
    private readonly positionListeners = new Set<(key: string) => void>();
    private readonly alertListeners = new Set<(transition: Transition) => void>();
    /** Of every answer on the page the generation in which it was loaded. */
    private readonly answers = new Map<object, number>();
    private say: (message: TabMessage) => void = () => undefined;

    get state(): LiveState {
        return this.current;
    }

    start(): void {
        const hear = (message: ConnectionMessage) => this.hear(message);
        if (typeof SharedWorker === "function") {
            const worker = new SharedWorker(LIVE_WORKER, { name: "waitlist-live" });
            worker.port.onmessage = (message: MessageEvent<ConnectionMessage>) => hear(message.data);
            this.say = (message) => worker.port.postMessage(message);
        } else {
            const connection = new Connection(hear);
            this.say = (message) => (message === "here" ? connection.start() : message === "gone" ? connection.stop() : connection.retry());
        }
        this.say("here");
        setInterval(() => this.apply({ kind: "tick" }), TICK_MS);
        // Timers stand still in a sleeping computer and are rare in a hidden tab: whoever comes back looks at the age first.
        const look = () => {
            this.apply({ kind: "tick" });
            if (this.current.condition === "lost") this.say("retry");
        };
        document.addEventListener("visibilitychange", look);
        document.addEventListener("resume", look);
        window.addEventListener("focus", look);
        window.addEventListener("online", look);
        window.addEventListener("pageshow", () => {
            this.say("here");
            look();
        });
        window.addEventListener("pagehide", () => this.say("gone"));
    }

    retry(): void {
        this.say("retry");
    }

    position(key: string): LivePosition | undefined {
        return this.positions.get(key);
    }

    positionKeys(): string[] {
        return [...this.positions.keys()];
    }

    /** Calls back whenever the state changed; returns what ends that. */
    subscribe(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
    }

    onPosition(listener: (key: string) => void): () => void {
        this.positionListeners.add(listener);
        return () => void this.positionListeners.delete(listener);
    }

    /** Alert transitions in the order of their seq, those missed while the stream was lost among them. */
    onAlert(listener: (transition: Transition) => void): () => void {
        this.alertListeners.add(listener);
        return () => void this.alertListeners.delete(listener);
    }

    /** Says that an answer is on the page, and was loaded (or could not be) in `generation`: it is live again when all of them were. */
    hold(answer: object, generation: number): void {
        this.answers.set(answer, generation);
        this.settle();
    }

    release(answer: object): void {
        this.answers.delete(answer);
        this.settle();
    }

    private settle(): void {
        if (this.current.condition !== "returning") return;
        for (const generation of this.answers.values()) if (generation < this.current.generation) return;
        this.apply({ kind: "settled" });
    }

    private hear(message: ConnectionMessage): void {
        if (message.kind !== "event") {
            this.apply(message);
            if (message.kind === "waiting") void checkMe();
        } else if (message.event === "heartbeat") {
            this.apply({ kind: "heartbeat", heartbeat: JSON.parse(message.data) as Heartbeat });
        } else if (message.event === "reset") {
            this.apply({ kind: "reset" });
        } else if (message.event === "position") {
            this.hearPosition(JSON.parse(message.data) as Publication);
        } else {
            const transition = JSON.parse(message.data) as Transition;
            for (const listener of this.alertListeners) listener(transition);
        }
    }

    private hearPosition(publication: Publication): void {
        const key = positionKey(publication.keys.pathway ?? null, publication.keys.team ?? null);
        const known = this.positions.get(key);
        // Every topic is published again now and then without a change.
        if (known && known.journal_seq === publication.journal_seq && known.today === publication.today) return;
        const changed = !known || JSON.stringify(known.position) !== JSON.stringify(publication.position) || known.today !== publication.today;
        this.positions.set(key, { position: publication.position, today: publication.today, journal_seq: publication.journal_seq });
        if (changed) for (const listener of this.positionListeners) listener(key);
    }

    private apply(input: LiveInput): void {
        const before = this.current;
        this.current = step(before, input, Date.now());
        if (this.current === before) return;
        // Of another journal nothing on this page is true, and its seqs may be lower than those of before.
        if (before.heartbeat && this.current.heartbeat?.epoch !== before.heartbeat.epoch) return location.reload();
        for (const listener of this.listeners) listener();
        this.settle();
    }
}

export const live = new LiveStore();
