// What stands where figures will be, are not, or could not be had.
import type { ComponentChildren } from "preact";
import type { Answer } from "../live/hooks";
import type { Problem } from "../api/client";

export function Loading({ what = "Loading" }: { what?: string }) {
    return (
        <p class="govuk-body app-loading" role="status">
            {what}…
        </p>
    );
}

export function Empty({ children }: { children: ComponentChildren }) {
    return <p class="govuk-body app-empty">{children}</p>;
}

export function ProblemNotice({ problem, retry }: { problem: Problem; retry?: () => void }) {
    const { heading, advice } = problem.explain();
    return (
        <div class="govuk-inset-text app-problem" role="alert">
            <p class="govuk-body govuk-!-font-weight-bold govuk-!-margin-bottom-1">{heading}</p>
            <p class="govuk-body govuk-!-margin-bottom-2">{advice}</p>
            {retry && problem.mayPass && (
                <button type="button" class="govuk-button govuk-button--secondary govuk-!-margin-bottom-0" onClick={retry}>
                    Try again
                </button>
            )}
        </div>
    );
}

/** Draws `children` with the reply once it is there, and says what is the matter until then. */
export function Loaded<T>({ answer, what, children }: { answer: Answer<T>; what?: string; children: (reply: T) => ComponentChildren }) {
    if (answer.status === "loading") return <Loading {...(what ? { what } : {})} />;
    if (answer.status === "failed") return <ProblemNotice problem={answer.problem} retry={answer.retry} />;
    return (
        <>
            {answer.old && (
                <p class="govuk-body-s app-old" role="status">
                    These figures could not be brought up to date: {answer.old.explain().heading.toLowerCase()}.{" "}
                    <button type="button" class="app-link-button" onClick={answer.retry}>
                        Try again
                    </button>
                </p>
            )}
            {children(answer.reply)}
        </>
    );
}
