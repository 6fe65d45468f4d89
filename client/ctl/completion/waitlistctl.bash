# bash completion for waitlistctl(1)

# Offers what compgen makes of its arguments.
_waitlistctl_offer() {
    mapfile -t COMPREPLY < <(compgen "$@")
}

_waitlistctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' options i
    local commands='status summary distribution flow series restatement waits wait exceptions data-quality watch alerts digest ack quarantine send import simulate report export keygen token redact retention access verify backup restore completion'
    local everywhere='-c --config --endpoint --ingest-endpoint --publish-endpoint --query-endpoint --key --server-key --format --timeout --journal --help --version'

    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ " $commands " == *" ${COMP_WORDS[i]} "* ]]; then
            command=${COMP_WORDS[i]}
            break
        fi
    done

    # "--format=json" is three words for bash.
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $current == = ]] && current='' previous=${COMP_WORDS[COMP_CWORD - 1]}
    case $command:$previous in
    *:-c | *:--config | *:--journal | simulate:--out | export:--out | report:--out | *:--key | *:--server-key | export:--labels | export:--cld | verify:--cld | import:--map | import:--report | alerts:--cursor | token:--file) _waitlistctl_offer -f -- "$current" && return ;;
    *:--endpoint) _waitlistctl_offer -d -- "$current" && return ;;
    digest:--format) _waitlistctl_offer -W 'text json html' -- "$current" && return ;;
    *:--format) _waitlistctl_offer -W 'table json csv' -- "$current" && return ;;
    quarantine:--state) _waitlistctl_offer -W 'waiting retried discarded all' -- "$current" && return ;;
    quarantine:--code) _waitlistctl_offer -W 'too_large not_json bad_envelope id_conflict unknown_type personal_data bad_data unknown_pathway time_in_future time_too_old' -- "$current" && return ;;
    alerts:--state) _waitlistctl_offer -W 'open all' -- "$current" && return ;;
    alerts:--rule) _waitlistctl_offer -W 'approaching breach escalation contact_overdue feed_silent quarantine queue_limit' -- "$current" && return ;;
    report:--encoding | export:--cld-encoding) _waitlistctl_offer -W 'utf-8 windows-1252' -- "$current" && return ;;
    token:--role) _waitlistctl_offer -W 'viewer manager analyst admin' -- "$current" && return ;;
    summary:--basis | series:--basis) _waitlistctl_offer -W 'known reported' -- "$current" && return ;;
    flow:--step | series:--step) _waitlistctl_offer -W 'day week month quarter all' -- "$current" && return ;;
    restatement:--group-by) _waitlistctl_offer -W 'pathway team pathway,team pathway,district pathway,client_group' -- "$current" && return ;;
    summary:--group-by | flow:--group-by | series:--group-by) _waitlistctl_offer -W 'pathway team pathway,team district client_group priority stage' -- "$current" && return ;;
    exceptions:--filter) _waitlistctl_offer -W 'kind=warning kind=all code= source= pathway= team= subject=' -- "$current" && return ;;
    access:--outcome) _waitlistctl_offer -W 'ok denied not_found refused failed' -- "$current" && return ;;
    access:--op) _waitlistctl_offer -W 'waits wait alerts exceptions restatement data_quality quarantine access snapshot alert.ack quarantine.retry quarantine.discard redact backup export connect ingest subscribe' -- "$current" && return ;;
    watch:--group) _waitlistctl_offer -W 'queue team pathway' -- "$current" && return ;;
    watch:--sort) _waitlistctl_offer -W 'breach waiting due longest name' -- "$current" && return ;;
    waits:--sort) _waitlistctl_offer -W '-days days days_to_breach -risk priority last_contact subject' -- "$current" && return ;;
    simulate:--scenario) _waitlistctl_offer -W 'lancashire-2025 load' -- "$current" && return ;;
    esac

    case $command in
    '') options=$commands ;;
    summary) options='--group-by --filter --as-at --known-at --basis' ;;
    distribution) options='--filter --as-at --known-at' ;;
    flow) options='--from --to --step --group-by --filter --known-at' ;;
    series) options='--from --to --step --group-by --filter --known-at --basis' ;;
    restatement) options='--from --to --group-by --filter --known-at --limit' ;;
    waits) options='--filter --sort --limit --cursor --as-at --known-at' ;;
    wait) options='--as-at --known-at' ;;
    exceptions) options='--filter --limit --cursor --as-at --known-at' ;;
    data-quality) options='--from --to --as-at --known-at' ;;
    watch) options='--once --group --sort --ascii --note' ;;
    ack) options='--note --expected-by --by' ;;
    alerts) options='--since --state --filter --limit --follow --rule --name --cursor --count' ;;
    digest) options='--team --since --no-references' ;;
    quarantine) options='list show retry discard --state --code --source --limit --after --raw --by --reason' ;;
    send) options='--window --batch' ;;
    import) options='csv cld --map --dry-run --report --strict --accept-dates' ;;
    simulate) options='--scenario --seed --begin --from --until --events --events-per-wait --open --out --send --drive-clock --pace --rate' ;;
    report) options='dhsc-waiting-times kpi --from --encoding --quarter --known-at --publish --out' ;;
    redact) options='--subject --person --source --reason --by' ;;
    retention) options='--dry-run --by --reason --limit' ;;
    export) options='cqc --from --to --known-at --pathway --out --key --unsigned --labels --cld --cld-encoding --publish --progress' ;;
    access) options='--subject --user --peer --op --outcome --from --to --oldest-first --limit' ;;
    verify) options='--head --seq --public-key --unsigned --cld' ;;
    backup) options='--with-key' ;;
    restore) options='--accept --dry-run' ;;
    keygen) options='--curve' ;;
    token) options='add list remove --role --team --days --file' ;;
    completion) options='bash' ;;
    esac
    if [[ ( $command == send || $command == verify || $command == keygen || $command == restore || ($command == import && $previous != import) || ($command == report && $previous != report) ) && $current != -* ]]; then
        _waitlistctl_offer -f -- "$current"
    else
        _waitlistctl_offer -W "$options $everywhere" -- "$current"
    fi
}
complete -F _waitlistctl waitlistctl
