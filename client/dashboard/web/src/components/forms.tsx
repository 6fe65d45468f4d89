// GOV.UK's form parts: checkboxes, radios, select, text input, text area, and the summary of what is wrong with a form.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/client";

export interface FieldError {
    /** The id of the field. */
    id: string;
    message: string;
}

/** Takes the focus when it appears, and leads to each field. */
export function ErrorSummary({ errors }: { errors: readonly FieldError[] }) {
    const box = useRef<HTMLDivElement>(null);
    useEffect(() => box.current?.focus(), [errors]);
    if (errors.length === 0) return null;
    const lead = (event: Event, id: string) => {
        event.preventDefault();
        const field = document.getElementById(id);
        field?.focus();
        field?.closest(".govuk-form-group")?.scrollIntoView();
    };
    return (
        <div class="govuk-error-summary" ref={box} tabIndex={-1} aria-labelledby="error-summary-title">
            <div role="alert">
                <h2 class="govuk-error-summary__title" id="error-summary-title">
                    There is a problem
                </h2>
                <div class="govuk-error-summary__body">
                    <ul class="govuk-list govuk-error-summary__list">
                        {errors.map((error) => (
                            <li key={error.id}>
                                <a href={`#${error.id}`} onClick={(event) => lead(event, error.id)}>
                                    {error.message}
                                </a>
                            </li>
                        ))}
                    </ul>
                </div>
            </div>
        </div>
    );
}

interface FieldProps {
    id: string;
    name: string;
    label: string;
    hint?: ComponentChildren;
    error?: string | null | undefined;
    value?: string;
}

function described(id: string, hint: unknown, error: unknown): string | undefined {
    return [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ") || undefined;
}

function Group({ id, label, hint, error, small, children }: Omit<FieldProps, "name" | "value"> & { small?: boolean; children: ComponentChildren }) {
    return (
        <div class={`govuk-form-group${error ? " govuk-form-group--error" : ""}`}>
            <label class={`govuk-label${small ? "" : " govuk-label--s"}`} for={id}>
                {label}
            </label>
            {hint && (
                <div class="govuk-hint" id={`${id}-hint`}>
                    {hint}
                </div>
            )}
            {error && (
                <p class="govuk-error-message" id={`${id}-error`}>
                    <span class="govuk-visually-hidden">Error:</span> {error}
                </p>
            )}
            {children}
        </div>
    );
}

export function TextInput(props: FieldProps & { width?: number; suffix?: string; numeric?: boolean; small?: boolean; autocomplete?: string }) {
    const { id, hint, error } = props;
    const input = (
        <input
            class={`govuk-input${props.width ? ` govuk-input--width-${props.width}` : ""}${error ? " govuk-input--error" : ""}`}
            id={id}
            name={props.name}
            key={props.value}
            defaultValue={props.value ?? ""}
            spellcheck={false}
            autocomplete={props.autocomplete ?? "off"}
            inputMode={props.numeric ? "numeric" : undefined}
            aria-describedby={described(id, hint, error)}
        />
    );
    return (
        <Group id={id} label={props.label} hint={hint} error={error} {...(props.small ? { small: true } : {})}>
            {props.suffix ? (
                <div class="govuk-input__wrapper">
                    {input}
                    <div class="govuk-input__suffix" aria-hidden="true">
                        {props.suffix}
                    </div>
                </div>
            ) : (
                input
            )}
        </Group>
    );
}

export function TextArea(props: FieldProps & { rows?: number }) {
    const { id, hint, error } = props;
    return (
        <Group id={id} label={props.label} hint={hint} error={error}>
            <textarea
                class={`govuk-textarea${error ? " govuk-textarea--error" : ""}`}
                id={id}
                name={props.name}
                rows={props.rows ?? 4}
                defaultValue={props.value ?? ""}
                aria-describedby={described(id, hint, error)}
            />
        </Group>
    );
}

interface ChoicesProps {
    /** The beginning of the ids. */
    id: string;
    name: string;
    legend: string;
    choices: readonly { value: string; label: string }[];
    chosen: readonly string[];
}

/** Small checkboxes with their legend. They are drawn anew when the address says another choice. */
export function Checkboxes({ id, name, legend, choices, chosen }: ChoicesProps) {
    return (
        <div class="govuk-form-group">
            <fieldset class="govuk-fieldset">
                <legend class="govuk-fieldset__legend govuk-fieldset__legend--s">{legend}</legend>
                <div class="govuk-checkboxes govuk-checkboxes--small" key={chosen.join()}>
                    {choices.map((choice, index) => (
                        <div class="govuk-checkboxes__item" key={choice.value}>
                            <input
                                class="govuk-checkboxes__input"
                                id={`${id}-${index}`}
                                name={name}
                                type="checkbox"
                                value={choice.value}
                                defaultChecked={chosen.includes(choice.value)}
                            />
                            <label class="govuk-label govuk-checkboxes__label" for={`${id}-${index}`}>
                                {choice.label}
                            </label>
                        </div>
                    ))}
                </div>
            </fieldset>
        </div>
    );
}

interface RadiosProps {
    /** The beginning of the ids; the first radio has it as it is, so that an error leads there. */
    id: string;
    name: string;
    legend: string;
    choices: readonly { value: string; label: string; hint: string }[];
    error?: string | null;
}

/** Radios with what each choice means; none is chosen beforehand. */
export function Radios({ id, name, legend, choices, error }: RadiosProps) {
    return (
        <div class={`govuk-form-group${error ? " govuk-form-group--error" : ""}`}>
            <fieldset class="govuk-fieldset" aria-describedby={error ? `${id}-error` : undefined}>
                <legend class="govuk-fieldset__legend govuk-fieldset__legend--s">{legend}</legend>
                {error && (
                    <p class="govuk-error-message" id={`${id}-error`}>
                        <span class="govuk-visually-hidden">Error:</span> {error}
                    </p>
                )}
                <div class="govuk-radios">
                    {choices.map((choice, index) => {
                        const own = index === 0 ? id : `${id}-${index}`;
                        return (
                            <div class="govuk-radios__item" key={choice.value}>
                                <input class="govuk-radios__input" id={own} name={name} type="radio" value={choice.value} aria-describedby={`${own}-hint`} />
                                <label class="govuk-label govuk-radios__label" for={own}>
                                    {choice.label}
                                </label>
                                <div class="govuk-hint govuk-radios__hint" id={`${own}-hint`}>
                                    {choice.hint}
                                </div>
                            </div>
                        );
                    })}
                </div>
            </fieldset>
        </div>
    );
}

/**
 * Where a form that could not be sent went wrong: at the field that the answer points at, else at its button (`at`). `own` has the words of
 * refusals that this form knows better than the general ones.
 */
export function sendingError(failure: unknown, at: string, fields: Record<string, string>, own: Record<string, string>): FieldError {
    if (!(failure instanceof Problem)) return { id: at, message: "It could not be sent. Try again." };
    const field = fields[failure.pointer ?? ""];
    if (field) return { id: field, message: `${failure.detail.charAt(0).toUpperCase()}${failure.detail.slice(1)}` };
    const known = own[failure.code];
    if (known) return { id: at, message: known };
    const { heading, advice } = failure.explain();
    return { id: at, message: `${heading}. ${advice}` };
}
