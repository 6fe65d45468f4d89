// The Ministry of Justice's date picker around a GOV.UK input; its script is loaded when the field is there, and typing works without.
import type { DatePickerConfig } from "@ministryofjustice/frontend/moj/components/date-picker/date-picker.mjs";
import { useEffect, useRef } from "preact/hooks";
import { pickerDay } from "../text/format";

interface DatePickerProps {
    id: string;
    name: string;
    label: string;
    /** YYYY-MM-DD */
    value: string | null;
    min?: string | undefined;
    max?: string | undefined;
    error?: string | null;
}

/** The picker's own dates are DD/MM/YYYY. */
function slashed(day: string): string {
    return day.split("-").reverse().join("/");
}

export function DatePicker({ id, name, label, value, min, max, error }: DatePickerProps) {
    const field = useRef<HTMLDivElement>(null);
    const written = value ? pickerDay(value) : "";

    // The picker moves the input about, so everything in the field is its own and not drawn by us again.
    useEffect(() => {
        const root = field.current!;
        const input = document.createElement("input");
        input.className = "govuk-input govuk-input--width-10 moj-js-datepicker-input";
        input.id = id;
        input.name = name;
        input.autocomplete = "off";
        input.value = written;
        input.placeholder = "";
        root.replaceChildren(input);
        let gone = false;
        void import("@ministryofjustice/frontend/moj/components/date-picker/date-picker.mjs").then(({ DatePicker: Picker }) => {
            const config: Partial<DatePickerConfig> = { ...(min ? { minDate: slashed(min) } : {}), ...(max ? { maxDate: slashed(max) } : {}) };
            if (gone) return;
            root.parentElement!.removeAttribute("data-moj-date-picker-init");
            new Picker(root.parentElement!, config as DatePickerConfig);
        });
        return () => {
            gone = true;
            root.replaceChildren();
        };
    }, [id, name, min, max]);
    useEffect(() => {
        const input = field.current?.querySelector("input");
        if (input) input.value = written;
    }, [written]);
    useEffect(() => {
        const input = field.current?.querySelector("input");
        input?.classList.toggle("govuk-input--error", Boolean(error));
        if (error) input?.setAttribute("aria-describedby", `${id}-error`);
        else input?.removeAttribute("aria-describedby");
    }, [error]);

    return (
        <div class="moj-datepicker" data-module="moj-date-picker">
            <div class={`govuk-form-group${error ? " govuk-form-group--error" : ""}`}>
                <label class="govuk-label" for={id}>
                    {label}
                </label>
                {error && (
                    <p id={`${id}-error`} class="govuk-error-message">
                        <span class="govuk-visually-hidden">Error:</span> {error}
                    </p>
                )}
                <div ref={field} />
            </div>
        </div>
    );
}
