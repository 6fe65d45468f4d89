# bash completion for waitlistctl(1)

_waitlistctl() {
    local current previous words cword command='' i
    _init_completion -n = 2>/dev/null || {
        current=${COMP_WORDS[COMP_CWORD]}
        previous=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}")
        cword=$COMP_CWORD
    }
    current=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='status summary waits wait watch alerts send simulate completion'
    local everywhere='-c --config --endpoint --ingest-endpoint --publish-endpoint --query-endpoint --format --timeout --help --version'

    case $previous in
    -c | --config) COMPREPLY=($(compgen -f -- "$current")) && return ;;
    --endpoint) COMPREPLY=($(compgen -d -- "$current")) && return ;;
    --format) COMPREPLY=($(compgen -W 'table json csv' -- "$current")) && return ;;
    --state) COMPREPLY=($(compgen -W 'open all' -- "$current")) && return ;;
    --basis) COMPREPLY=($(compgen -W 'known reported' -- "$current")) && return ;;
    --rule) COMPREPLY=($(compgen -W 'approaching breach escalation' -- "$current")) && return ;;
    --group-by) COMPREPLY=($(compgen -W 'pathway team pathway,team district client_group priority stage' -- "$current")) && return ;;
    --sort) COMPREPLY=($(compgen -W '-days days days_to_breach -risk priority last_contact subject' -- "$current")) && return ;;
    esac

    for ((i = 1; i < cword; i++)); do
        if [[ " $commands " == *" ${words[i]} "* ]]; then
            command=${words[i]}
            break
        fi
    done
    local options=''
    case $command in
    '') options=$commands ;;
    summary) options='--group-by --filter --as-at --known-at --basis' ;;
    waits) options='--filter --sort --limit --cursor --as-at --known-at' ;;
    wait) options='--as-at --known-at' ;;
    watch) options='--once --sort --group' ;;
    alerts) options='--since --state --filter --limit --follow --rule --count' ;;
    send) options='--window --batch' ;;
    completion) options='bash' ;;
    esac
    if [[ $command == send && $current != -* ]]; then
        COMPREPLY=($(compgen -f -- "$current"))
        return
    fi
    COMPREPLY=($(compgen -W "$options $everywhere" -- "$current"))
}
complete -F _waitlistctl waitlistctl
