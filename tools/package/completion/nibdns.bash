# Completion for bash of nibdns-client, nibdns-localserver, nibdns-amazoneserver, nibpcap, nibsim and
# nibbench, and of the same programs in bin/ of the source tree. Needs nothing but bash.

# The options of a program and its command, one a word; one that takes a value has = and what kind.
_nibdns_options() {
    case $1 in
    client)
        echo "-s=addr --server=addr --timeout= --tries= -b=any --batch=any --pretty --short --json --trace -q --quiet" \
            "-w=pcap --write=pcap -h --help -V --version"
        ;;
    localserver)
        echo "-l=listen --listen=listen -r=any --records=any -t= --ttl= --upstream-port= --timeout=" \
            "--tries= --max-records= --max-pending= --max-ttl= --workers= --pretty -q --quiet -w=pcap --write=pcap" \
            "-c --check -h --help -V --version"
        ;;
    amazoneserver)
        echo "-l=listen --listen=listen -r=any --records=any -t= --ttl= --workers= --pretty -q --quiet" \
            "-w=pcap --write=pcap -c --check -h --help -V --version"
        ;;
    nibpcap-dump) echo "-x --hex -X --ascii --json -p= --port= --help --version" ;;
    nibpcap-check) echo "--json -p= --port= --help --version" ;;
    nibpcap-ladder) echo "-o=svg --most= -p= --port= --help --version" ;;
    nibpcap-rerun)
        echo "--as=role --at=addr --records=any --ttl= --timeout= --tries= --max-ttl=" \
            "--upstream-port= --late= --help --version"
        ;;
    nibpcap-replay) echo "--to=addr --speed= --fast --timeout= -p= --port= --help --version" ;;
    nibpcap-make) echo "-o=pcap --output=pcap --help --version" ;;
    nibpcap) echo "--help --version" ;;
    nibsim)
        echo "--seed= --runs= --clients= --hours= --loss= --duplicate= --corrupt= --delay= --spoof" \
            "--crash --write=pcap --trace --promises -h --help -V --version"
        ;;
    nibbench-codec) echo "--rounds= --cpu= --json -h --help -V --version" ;;
    nibbench-table) echo "--names= --rounds= --cpu= --json -h --help -V --version" ;;
    nibbench-load)
        echo "--to=addr --names=any --seconds= --warmup= --sockets= --window= --rate= --timeout=" \
            "--pid=pid --dns --echo --segments --cpu= --json -h --help -V --version"
        ;;
    nibbench-echo)
        echo "-l=listen --listen=listen --size= --runs --segments --cpu= --json" \
            "-h --help -V --version"
        ;;
    nibbench-flood)
        echo "--to=addr --seconds= --rate= --sockets= --cpu= --json -h --help -V --version"
        ;;
    nibbench) echo "-h --help -V --version" ;;
    esac
}

_nibdns_commands() {
    case $1 in
    nibpcap) echo "dump check ladder rerun replay make" ;;
    nibbench) echo "codec table load echo flood" ;;
    esac
}

# Files with that ending, and folders.
_nibdns_files() {
    compopt -o filenames 2>/dev/null
    local IFS=$'\n'
    case $1 in
    any) COMPREPLY=($(compgen -f -- "$cur")) ;;
    *) COMPREPLY=($(compgen -f -X "!*.$1" -- "$cur") $(compgen -d -- "$cur")) ;;
    esac
}

_nibdns_value() {
    case $1 in
    any | pcap | svg) _nibdns_files "$1" ;;
    addr) COMPREPLY=($(compgen -W "127.0.0.1 [::1]" -- "$cur")) ;;
    listen) COMPREPLY=($(compgen -W "127.0.0.1 0.0.0.0 ::1 ::" -- "$cur")) ;;
    role) COMPREPLY=($(compgen -W "local amazone client" -- "$cur")) ;;
    pid) COMPREPLY=($(compgen -W "$(pgrep -f 'localserver|amazoneserver' 2>/dev/null)" -- "$cur")) ;;
    esac
}

# The n-th word that is no option and no option's value.
_nibdns_operand() {
    case $1-$2 in
    client-1)
        COMPREPLY=($(compgen -W "www.csusm.edu my.csusm.edu shop.amazone.com cloud.amazone.com" \
            -- "$cur"))
        ;;
    client-2)
        local types="A AAAA CNAME NS"
        [[ $cur == [a-z]* ]] && types="a aaaa cname ns"
        COMPREPLY=($(compgen -W "$types" -- "$cur"))
        ;;
    nibpcap-make-1) _nibdns_files any ;;
    nibpcap-*-1) _nibdns_files pcap ;;
    esac
}

_nibdns() {
    local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]##*/} options option kind='' word
    local -i i n=0 waits=0
    program=${program#nibdns-}
    COMPREPLY=()
    [[ $cur == '=' ]] && cur=''

    # Up to the word in question: the command, options that wait for their value, operands.
    options=" $(_nibdns_options "$program") "
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == '=' ]]; then
            continue
        elif ((waits)); then
            waits=0
        elif [[ $word == -* && $word != - ]]; then
            option=${options#* "$word"=}
            [[ $option != "$options" ]] && waits=1 kind=${option%% *}
        elif [[ $program != *-* && -n $(_nibdns_commands "$program") ]]; then
            program=$program-$word
            options=" $(_nibdns_options "$program") "
        else
            n+=1
        fi
    done

    if ((waits)); then
        _nibdns_value "$kind"
    elif [[ $cur == -* ]]; then
        local -a words=()
        for word in $options; do
            words+=("${word%%=*}")
        done
        COMPREPLY=($(compgen -W "${words[*]}" -- "$cur"))
    elif [[ $program != *-* && -n $(_nibdns_commands "$program") ]]; then
        COMPREPLY=($(compgen -W "$(_nibdns_commands "$program")" -- "$cur"))
    else
        _nibdns_operand "$program" $((n + 1))
    fi
}

complete -F _nibdns nibdns-client nibdns-localserver nibdns-amazoneserver nibpcap nibsim nibbench \
    bin/client bin/localserver bin/amazoneserver bin/nibpcap bin/nibsim bin/nibbench \
    ./bin/client ./bin/localserver ./bin/amazoneserver ./bin/nibpcap ./bin/nibsim ./bin/nibbench
