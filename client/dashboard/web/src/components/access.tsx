// What somebody sees who may not see a page, or not all of it.
import { listWords, me, neededWords, ownTeams, roleWords, type Role } from "../me";
import { useNames } from "../names";
import { PageTitle } from "./page";

export function NoAccess({ page, needs }: { page: string; needs: Role }) {
    const names = useNames();
    return (
        <>
            <PageTitle title="You do not have access to this" caption={page} />
            <p class="govuk-body">
                It needs {neededWords(needs)} or more. You are signed in{me().user ? ` as ${me().user}` : ""}: {roleWords(me(), names.team)}.
            </p>
            <p class="govuk-body">If you need it for your work, ask whoever looks after this service in your council.</p>
            <p class="govuk-body">
                <a class="govuk-link" href="/">
                    Go to the overview
                </a>
            </p>
        </>
    );
}

/** Says of a list that it holds only the people of some teams: those that the answer says, else those that somebody manages. */
export function OnlyTeams({ teams = ownTeams() }: { teams?: readonly string[] | null | undefined }) {
    const names = useNames();
    if (teams === null) return null;
    return (
        <p class="govuk-body-s app-only">
            {teams.length === 0 ? "You see the people of no team yet." : `Only of your ${teams.length === 1 ? "team" : "teams"}: ${listWords(teams.map(names.team))}.`}
        </p>
    );
}
