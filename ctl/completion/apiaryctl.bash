# Completion of apiaryctl for bash: commands, options, and what the daemon knows (VMs, jobs, plugins, agents).

# The names that the daemon tells, asked with the --address or --session that stands on the line; nothing where it does not answer.
_apiaryctl_ask() {
    local -a bus=()
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == --address ]]; then
            bus=(--address "${COMP_WORDS[i + 1]}")
        elif [[ ${COMP_WORDS[i]} == --session || ${COMP_WORDS[i]} == --user ]]; then
            bus=(--session)
        fi
    done
    command apiaryctl "${bus[@]}" --quiet "$@" 2>/dev/null
}

# Offers the lines of $1 that begin with the current word; names can have blanks.
_apiaryctl_offer_lines() {
    local line typed
    typed=${cur#[\"\']}
    typed=${typed//\\/}
    while IFS= read -r line; do
        if [[ -n $line && ${line,,} == "${typed,,}"* ]]; then
            if [[ $cur == [\"\']* ]]; then
                COMPREPLY+=("$line")
            else
                COMPREPLY+=("$(printf %q "$line")")
            fi
        fi
    done <<<"$1"
}

_apiaryctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local commands="list status events jobs version start stop poweroff reset pause resume failreset console cancel
        reload config import plugin agent shutdown-all daemon boot shutdown"
    local common="--address --session --json --quiet --help" own="" command="" second="" i
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --address) ((i++)) ;;
            -*) ;;
            *) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    # What stands between the command and the cursor, for commands that have commands of their own.
    for ((i++; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            second=${COMP_WORDS[i]}
            break
        fi
    done

    case $prev in
        --address | --since | --stream) return ;;
        --vm) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names)"; return ;;
        --file | --output | -o | --vmstated) compopt -o default; return ;;
        --backend) COMPREPLY=($(compgen -W "qemu bhyve" -- "$cur")); return ;;
        --state)
            if [[ $command == plugin ]]; then
                COMPREPLY=($(compgen -W "starting running ended disabled unusable absent" -- "$cur"))
                return
            fi
            COMPREPLY=($(compgen -W "stopped starting running paused stopping failed" -- "$cur"))
            return
            ;;
        --type)
            COMPREPLY=($(compgen -W "vm-added vm-changed vm-removed state reboot job-new job-end step console notice" \
                -- "$cur"))
            return
            ;;
    esac

    case $command in
        '') COMPREPLY=($(compgen -W "$commands $common --version" -- "$cur")); return ;;
        list | ls) own="--state --names" ;;
        events) own="--follow --since --stream --vm --type" ;;
        jobs) own="--ids" ;;
        start | boot) own="--wait --no-wait --console" ;;
        stop | shutdown | poweroff | reset | pause | resume) own="--wait --no-wait" ;;
        failreset) own="--wait --no-wait --force" ;;
        shutdown-all) own="--wait --no-wait --force" ;;
        daemon)
            case $second in
                stop) own="--wait --no-wait --force --keep-vms" ;;
                restart) own="--wait --no-wait --force" ;;
            esac
            ;;
        console) own="--read-only --force" ;;
        reload) own="--dry-run" ;;
        config)
            case $second in
                show) own="--file --pending --vmstated --backend --own-daemon" ;;
                check) own="--vmstated --backend --own-daemon" ;;
            esac
            ;;
        import) own="--output" ;;
        plugin) [[ $second == list ]] && own="--state --names" ;;
        agent) [[ $second == list ]] && own="--names" ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$own $common" -- "$cur"))
        return
    fi

    # Only VMs with which the command can do something.
    case $command in
        start | boot) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names --state stopped --state failed)" ;;
        stop | shutdown | poweroff)
            _apiaryctl_offer_lines "$(_apiaryctl_ask list --names --state starting --state running --state paused \
                --state stopping)"
            ;;
        console) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names --state starting --state running --state paused \
            --state stopping)" ;;
        reset | pause) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names --state running --state paused)" ;;
        resume) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names --state paused)" ;;
        failreset) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names --state failed)" ;;
        list | ls | status | jobs) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names)" ;;
        daemon) [[ -n $second ]] || COMPREPLY=($(compgen -W "stop restart" -- "$cur")) ;;
        config)
            case $second in
                '') COMPREPLY=($(compgen -W "show check diff" -- "$cur")) ;;
                show) _apiaryctl_offer_lines "$(_apiaryctl_ask list --names)" ;;
                check) compopt -o default ;;
            esac
            ;;
        plugin)
            case $second in
                '') COMPREPLY=($(compgen -W "list show enable disable restart" -- "$cur")) ;;
                show | restart) _apiaryctl_offer_lines "$(_apiaryctl_ask plugin list --names)" ;;
                enable) _apiaryctl_offer_lines "$(_apiaryctl_ask plugin list --names --state disabled)" ;;
                disable)
                    _apiaryctl_offer_lines "$(_apiaryctl_ask plugin list --names --state starting --state running \
                        --state ended --state unusable --state absent)"
                    ;;
            esac
            ;;
        agent)
            case $second in
                '') COMPREPLY=($(compgen -W "list unregister" -- "$cur")) ;;
                unregister) _apiaryctl_offer_lines "$(_apiaryctl_ask agent list --names)" ;;
            esac
            ;;
        import)
            if [[ -z $second ]]; then
                COMPREPLY=($(compgen -W "bmd vmstated easy-bhyve vm-bhyve" -- "$cur"))
            else
                compopt -o default
            fi
            ;;
        cancel) _apiaryctl_offer_lines "$(_apiaryctl_ask jobs --ids)" ;;
    esac
}

complete -F _apiaryctl apiaryctl
