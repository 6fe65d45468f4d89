// The filter of the list of people in the Ministry of Justice's pattern: tags that can be removed, and a panel that opens with every field.
import { useRef, useState } from "preact/hooks";
import { go, here, link, useAddress, type Address } from "../address";
import { Select } from "../components/chooser";
import { Checkboxes, ErrorSummary, TextInput, type FieldError } from "../components/forms";
import { useNames } from "../names";
import { plural } from "../text/format";
import { clearedFilter, filterFields, filterOfForm, filterTags, type FilterField, type FilterTag } from "./filter";

/** More choices than this stand in two columns. */
const MANY = 7;

function fieldId(field: FilterField): string {
    return `filter-${field.name.replace(/[^a-z0-9]+/gi, "-")}`;
}

function Field({ field, address, error }: { field: FilterField; address: Address; error: string | undefined }) {
    const chosen = address.query.getAll(field.name).filter(Boolean);
    const id = fieldId(field);
    switch (field.kind) {
        case "many":
            return <Checkboxes id={id} name={field.name} legend={field.label} choices={field.choices} chosen={field.name === "status" && chosen.length === 0 ? ["waiting"] : chosen} />;
        case "flag":
            return <Select id={id} name={field.name} label={field.label} value={chosen[0] ?? ""} choices={field.choices} all="Either" />;
        case "number":
            return <TextInput id={id} name={field.name} label={field.label} value={chosen[0] ?? ""} width={4} suffix="days" numeric error={error} />;
        default:
            return <TextInput id={id} name={field.name} label={field.label} value={chosen[0] ?? ""} width={20} hint={field.hint} error={error} />;
    }
}

export function FilterTags({ tags, address }: { tags: readonly FilterTag[]; address: Address }) {
    if (tags.length === 0) return null;
    return (
        <div class="app-filter__selected">
            <h2 class="govuk-heading-s app-filter__heading">Selected filters</h2>
            <ul class="moj-filter-tags app-filter__tags">
                {tags.map((tag) => (
                    <li key={`${tag.field}=${tag.label}`}>
                        <a class="moj-filter__tag" href={here(tag.changes, address)}>
                            <span class="govuk-visually-hidden">Remove this filter: </span>
                            {tag.label}
                        </a>
                    </li>
                ))}
            </ul>
            <p class="govuk-body-s app-filter__clear">
                <a class="govuk-link govuk-link--no-visited-state" href={here(clearedFilter(address.query), address)}>
                    Clear filters
                </a>
            </p>
        </div>
    );
}

/** The panel opens and shuts; what is typed in it counts with its button. */
export function Filter() {
    const address = useAddress();
    const names = useNames();
    const [open, setOpen] = useState(false);
    const [errors, setErrors] = useState<FieldError[]>([]);
    const toggle = useRef<HTMLButtonElement>(null);
    const fields = filterFields(names);
    const tags = filterTags(address.query, fields);

    const submit = (event: Event) => {
        event.preventDefault();
        const { changes, errors: found } = filterOfForm(new FormData(event.currentTarget as HTMLFormElement), fields);
        setErrors(found.map((error) => ({ id: fieldId(fields.find((field) => field.name === error.name)!), message: error.message })));
        if (found.length > 0) return;
        // Waiting alone is what the list shows anyway.
        if (String(changes.status) === "waiting") changes.status = null;
        setOpen(false);
        go(here(changes, address));
        toggle.current?.focus();
    };

    return (
        <div class="app-filter">
            <div class="app-filter__bar">
                <button type="button" class="govuk-button govuk-button--secondary app-filter__toggle" aria-expanded={open} aria-controls="filter" onClick={() => setOpen(!open)} ref={toggle}>
                    {open ? "Hide filter" : "Show filter"}
                    {!open && tags.length > 0 && <span class="govuk-visually-hidden">, {plural(tags.length, "filter", "filters")} selected</span>}
                </button>
                <p class="govuk-body-s app-filter__find app-no-print">
                    <a class="govuk-link govuk-link--no-visited-state" href={link("/wait")}>
                        Find one by reference
                    </a>
                </p>
                <FilterTags tags={tags} address={address} />
            </div>
            <div id="filter" hidden={!open}>
                {open && (
                    <form class="moj-filter app-filter__panel" onSubmit={submit} aria-label="Filter the list" noValidate>
                        <ErrorSummary errors={errors} />
                        <div class="app-filter__fields">
                            {fields.map((field) => (
                                <div key={field.name} class={`app-filter__field${field.choices.length > MANY ? " app-filter__field--wide" : ""}`}>
                                    <Field field={field} address={address} error={errors.find((error) => error.id === fieldId(field))?.message} />
                                </div>
                            ))}
                        </div>
                        <div class="govuk-button-group app-filter__buttons">
                            <button type="submit" class="govuk-button">
                                Apply filters
                            </button>
                            <a class="govuk-link govuk-link--no-visited-state" href={here(clearedFilter(address.query), address)} onClick={() => setErrors([])}>
                                Clear filters
                            </a>
                        </div>
                    </form>
                )}
            </div>
        </div>
    );
}
