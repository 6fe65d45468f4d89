// Types of the component libraries' scripts, which come without any; only what the pages use of them.
declare module "govuk-frontend/dist/govuk/components/service-navigation/service-navigation.mjs" {
    export class ServiceNavigation {
        constructor(root: Element | null);
    }
}

declare module "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs" {
    export class SkipLink {
        constructor(root: Element | null);
    }
}

declare module "@ministryofjustice/frontend/moj/components/date-picker/date-picker.mjs" {
    export interface DatePickerConfig {
        minDate: string;
        maxDate: string;
    }
    export class DatePicker {
        constructor(root: Element | null, config: DatePickerConfig);
    }
}
