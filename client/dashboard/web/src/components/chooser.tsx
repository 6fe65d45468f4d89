// Chooses what a page shows: pathway, team and day; the choice goes into the address, and the team is remembered.
import { useEffect, useRef, useState } from "preact/hooks";
import { go, here, orAll, rememberTeam, useAddress, useView } from "../address";
import { useLive } from "../live/hooks";
import { ownTeams } from "../me";
import { useNames, type Choice } from "../names";
import { clock, longDay, typedDay } from "../text/format";
import { DatePicker } from "./date-picker";

interface SelectProps {
    id: string;
    /** In the form; the id unless said. */
    name?: string;
    label: string;
    value: string;
    choices: readonly Choice[];
    /** The words for no choice; without them one must be chosen. */
    all?: string;
}

export function Select({ id, name = id, label, value, choices, all }: SelectProps) {
    const listed = choices.some((choice) => choice.value === value) || value === "";
    return (
        <div class="govuk-form-group">
            <label class="govuk-label" for={id}>
                {label}
            </label>
            {/* Drawn anew when the address says another value, so that a choice not yet shown does not stay behind. */}
            <select class="govuk-select" id={id} name={name} key={value}>
                {all && (
                    <option value="" selected={value === ""}>
                        {all}
                    </option>
                )}
                {!listed && (
                    <option value={value} selected>
                        {value}
                    </option>
                )}
                {choices.map((choice) => (
                    <option key={choice.value} value={choice.value} selected={choice.value === value}>
                        {choice.label}
                    </option>
                ))}
            </select>
        </div>
    );
}

interface ChooserProps {
    /** Whether a pathway is chosen here, and whether all of them may be. */
    pathway?: "one" | "any";
    team?: boolean;
    /** The pathway or teams to choose from where they are fewer than all. */
    teams?: readonly Choice[];
    /** What is chosen is people: of a manager only the own teams are there. */
    people?: boolean;
    day?: boolean;
    /** The pathway that is shown when the address names none. */
    shownPathway?: string | null;
}

/** The words for no single team. */
export function allTeams(people = false): string {
    return people && ownTeams() !== null ? "All of your teams" : "All teams";
}

export function Chooser({ pathway, team = true, teams, people = false, day = true, shownPathway }: ChooserProps) {
    const address = useAddress();
    const view = useView();
    const names = useNames();
    const own = people ? ownTeams() : null;
    const today = useLive((state) => state.heartbeat?.today ?? null);
    const [error, setError] = useState<string | null>(null);

    const chooser = useRef<HTMLFormElement>(null);
    // A choice takes effect with the button; until then the figures are not those of what is chosen, and the page says so.
    const [isPending, setPending] = useState(false);
    const look = () => {
        const form = new FormData(chooser.current!);
        const typed = String(form.get("day") ?? "").trim();
        const shown = view.pathway ?? shownPathway ?? "";
        setPending(
            (form.has("pathway") && shownPathway !== null && form.get("pathway") !== shown) ||
                (form.has("team") && form.get("team") !== (view.team ?? "")) ||
                (day && (typed === "" ? null : (typedDay(typed) ?? typed)) !== view.asAt),
        );
    };
    useEffect(look, [address]);

    const submit = (event: Event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget as HTMLFormElement);
        const typed = String(form.get("day") ?? "").trim();
        const chosen = typed === "" ? null : typedDay(typed);
        const wrong = (message: string) => {
            setError(message);
            document.getElementById("day")?.focus();
        };
        if (typed !== "" && chosen === null) return wrong("Enter a day as in 31/7/2025");
        if (chosen !== null && today !== null && chosen > today) return wrong("Enter today or a day before it");
        setError(null);
        const past = chosen !== null && chosen !== today;
        if (team) rememberTeam(String(form.get("team") ?? "") || null);
        go(
            here(
                {
                    ...(pathway ? { pathway: String(form.get("pathway") ?? "") || null } : {}),
                    ...(team ? { team: orAll(String(form.get("team") ?? "")) } : {}),
                    ...(day ? { as_at: past ? chosen : null, basis: past ? view.basis === "reported" ? "reported" : null : null } : {}),
                    cursor: null,
                    from: null,
                    known_at: null,
                },
                address,
            ),
        );
    };

    return (
        <form class="app-chooser" ref={chooser} onSubmit={submit} onInput={look} onChange={look} onClick={look} aria-label="Choose what is shown">
            {pathway && (
                <Select
                    id="pathway"
                    label="Waiting for"
                    value={view.pathway ?? shownPathway ?? ""}
                    choices={names.pathways}
                    {...(pathway === "any" ? { all: "Everything" } : {})}
                />
            )}
            {team && <Select id="team" label="Team" value={view.team ?? ""} choices={teams ?? names.teams.filter((each) => own === null || own.includes(each.value))} all={allTeams(people)} />}
            {day && <DatePicker id="day" name="day" label="Day (empty for now)" value={view.asAt} min={names.epoch} max={today ?? undefined} error={error} />}
            <button type="submit" class={`govuk-button app-chooser__button${isPending ? "" : " govuk-button--secondary"}`}>
                Show
            </button>
            {isPending && <p class="govuk-body-s app-chooser__pending">Not shown yet</p>}
        </form>
    );
}

/** Of when the figures are: live and of which day, or nothing where the notice of a past day says it. */
export function LiveMark() {
    const view = useView();
    const condition = useLive((state) => state.condition);
    const { timeZone } = useNames();
    // Drawn again with the minute, not with each heartbeat.
    const now = useLive((state) => (state.heartbeat ? `${longDay(state.heartbeat.today)}, ${clock(state.heartbeat.now, timeZone)}` : null));
    if (!view.live) return null;
    return (
        <p class="govuk-body-s app-live-mark" data-condition={condition}>
            <span class="app-live-mark__dot" aria-hidden="true" />
            {condition === "live" && now ? `Live, ${now}` : condition === "connecting" ? "Connecting …" : "Not live"}
        </p>
    );
}
