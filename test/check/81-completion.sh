#!/bin/bash
# completion for bash knows the options, the apps and the devices, and what ./check, ./demo and ./try are told
. "$(dirname "$0")/lib.sh"
build_plain
. doc/completion/tree
PATH=$MORGANA_BUILD:$PATH

# complete_to WANTED LINE: what is offered behind LINE is WANTED, blanks between.
complete_to()
{
    local wanted=$1 words
    COMP_LINE=$2
    COMP_POINT=${#COMP_LINE}
    COMPREPLY=()
    words=($COMP_LINE)
    set +e # as in the shell of whoever types
    $(complete -p "${words[0]}" | sed 's/.*-F \([a-z_]*\) .*/\1/') "${words[0]}"
    set -e
    if [ "${COMPREPLY[*]}" != "$wanted" ]; then
        echo "behind \"$2\": offered \"${COMPREPLY[*]}\", wanted \"$wanted\""
        exit 1
    fi
}

complete_to --fail-mode= "morgana-switch --fai"
complete_to "secure standalone" "morgana-switch --fail-mode="
complete_to standalone "morgana-switch --dpid=1 --fail-mode=st"
complete_to lo "morgana-switch --port=eth:lo"
complete_to "learning" "morgana-controller --app=lea"
complete_to "ptcp: punix:" "morgana-controller --listen=p"
complete_to "" "morgana-controller --no-such"
complete_to --version "morgana-dump --vers"
complete_to --discovery-age= "morgana-controller --discovery-a"
complete_to --unit "./check --un"
complete_to "format fuzz" "./check --keep --only=f"
complete_to unit,format "./check --only=unit,fo"
complete_to "--ovs" "./demo --o"
complete_to --direct "./demo --keep --dir"
complete_to 9 "./try 9"
complete_to "--solution" "./try 3 --so"
