// What each team has on its hands, out of the positions of its workers.
import type { Keys, Position } from "../api/types";

export interface TeamLoad {
    team: string;
    unallocated: number;
    allocated: number;
    inProgress: number;
    workers: number;
    /** Allocated and in progress for each worker who has something, to a tenth; null without workers. */
    perWorker: number | null;
}

export function teamLoads(rows: readonly { keys: Keys; position: Position }[]): TeamLoad[] {
    const loads = new Map<string, TeamLoad>();
    const withWorkers = new Map<string, number>();
    for (const { keys, position } of rows) {
        const team = keys.team!;
        if (position.waiting === 0) continue;
        const load = loads.get(team) ?? { team, unallocated: 0, allocated: 0, inProgress: 0, workers: 0, perWorker: null };
        load.unallocated += position.unallocated;
        load.allocated += position.allocated;
        load.inProgress += position.in_progress;
        if (keys.worker !== "unknown") {
            load.workers += 1;
            withWorkers.set(team, (withWorkers.get(team) ?? 0) + position.allocated + position.in_progress);
        }
        loads.set(team, load);
    }
    for (const load of loads.values()) {
        if (load.workers > 0) load.perWorker = Math.round((10 * (withWorkers.get(load.team) ?? 0)) / load.workers) / 10;
    }
    return [...loads.values()];
}
