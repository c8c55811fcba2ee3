
# shellcheck shell=bash
# Completes arguments that Picocli's part above does not know: mount options and their values, mount tags, and the
# directories on which shares are mounted. Bash replaces only the part of a word behind the last "=" or ":", so a candidate
# is that part. Zsh runs this file, too: it has no "read -a", and its variables "path" and "words" are special.

# The options of "ninepin mount -o" in the order of ninepin-mount(1); "=" stands behind those that have a value.
_ninepin_options='ro rw allow_other default_permissions access= uid= gid= idmap= contain_symlinks no_contain_symlinks
    suid dev cache= attr_timeout= entry_timeout= negative_timeout= writeback no_writeback noatime nodiratime msize=
    max_read= readahead= max_background= timeout= noreconnect locks= noxattr aname= uname= driver= noexec nosymfollow
    sync dirsync'

_ninepin_sources='qemu: unix: tcp: vsock: exec: vio9p: virtio:'

# Prints the values of the option $1, if there is a list of them.
_ninepin_values() {
    case $1 in
        access) echo any user client ;;
        cache) echo none open loose ;;
        locks) echo local remote ;;
        driver) echo vfio uio sysfs ;;
    esac
}

# Prints the mount tags of this guest, one on each line. Only root can read them.
_ninepin_tags() {
    ninepin devices --json 2>/dev/null | grep -o '"tag":"[^"\\]*"' | sed 's/^"tag":"//; s/"$//'
}

# Prints the directories on which shares are mounted, one on each line.
_ninepin_mounted() {
    awk '/ - fuse\.ninepin / { print $5 }' /proc/self/mountinfo | while IFS= read -r directory; do
        printf '%b\n' "$directory"
    done
}

# Runs a command, and sets the array "lines" to the lines that it prints.
_ninepin_read_lines() {
    local IFS=$'\n'
    set -f
    # shellcheck disable=SC2207 # no pattern is expanded, and IFS has only the newline
    lines=($("$@"))
    set +f
}

# Offers those of the arguments from $2 on that begin with $1.
_ninepin_offer() {
    local word=$1 behind='' candidate
    shift
    [[ ${COMP_WORDBREAKS-} != *=* || $word != *[=:]* ]] || behind=${word%"${word##*[=:]}"}
    for candidate in "$@"; do
        if [[ $candidate == "$word"* ]]; then
            COMPREPLY+=("${candidate#"$behind"}")
            # More of the word follows these.
            [[ $candidate != *[=:] ]] || compopt -o nospace 2>/dev/null || true
        fi
    done
}

# Offers the files or directories (compgen's action $2) that continue $1, the last part of a word.
_ninepin_offer_paths() {
    local -a lines=()
    _ninepin_read_lines compgen -A "$2" -- "$1"
    COMPREPLY+=("${lines[@]}")
    compopt -o filenames 2>/dev/null || true
}

_ninepin_offer_options() {
    local option=${1##*,} name value
    local before=${1%"$option"}
    local -a candidates=()
    if [[ $option == *=* ]]; then
        name=${option%%=*}
        for value in $(_ninepin_values "$name"); do
            candidates+=("$before$name=$value")
        done
    else
        for name in $_ninepin_options; do
            candidates+=("$before$name")
        done
    fi
    _ninepin_offer "$1" "${candidates[@]}"
}

_ninepin_offer_sources() {
    local name
    local -a candidates=() lines=()
    case $1 in
        qemu:*) _ninepin_offer_paths "${1#*:}" directory ;;
        unix:* | vio9p:*) _ninepin_offer_paths "${1#*:}" file ;;
        *)
            _ninepin_read_lines _ninepin_tags
            for name in "${lines[@]}"; do
                candidates+=("$name" "virtio:$name")
            done
            # shellcheck disable=SC2086 # several words
            _ninepin_offer "$1" "${candidates[@]}" $_ninepin_sources
            ;;
    esac
}

_ninepin_complete() {
    local line=${COMP_LINE:0:$COMP_POINT} directory
    local word=${line##*[[:space:]]}
    local -a typed=() candidates=() lines=()
    COMPREPLY=()
    set -f
    # shellcheck disable=SC2206 # several words
    typed=(${line%"$word"})
    set +f
    # The arguments before this word that are neither options nor their values.
    local arguments=0 i
    for ((i = 2; i < ${#typed[@]}; i++)); do
        case ${typed[i]} in
            -o) i=$((i + 1)) ;;
            -*) ;;
            *) arguments=$((arguments + 1)) ;;
        esac
    done
    case ${typed[1]-}:$arguments:$word in
        mount:* | doctor:*)
            if [[ ${typed[${#typed[@]} - 1]} == -o ]]; then
                _ninepin_offer_options "$word"
                return
            fi
            ;;
    esac
    case ${typed[1]-}:$arguments:$word in
        *:*:-*) _complete_ninepin "$@" ;;
        mount:0:* | doctor:0:*) _ninepin_offer_sources "$word" ;;
        mount:1:*) _ninepin_offer_paths "$word" directory ;;
        umount:0:* | status:0:* | restart:*)
            _ninepin_read_lines _ninepin_mounted
            for directory in "${lines[@]}"; do
                candidates+=("$(printf %q "$directory")")
            done
            _ninepin_offer "$word" "${candidates[@]}"
            ;;
        run:0:*) _ninepin_offer_paths "$word" file ;;
        *) _complete_ninepin "$@" ;;
    esac
}

complete -o default -F _ninepin_complete ninepin
