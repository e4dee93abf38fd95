#!/bin/sh
# What happens to a node of the Swarm of run.sh, for tests of bad days:
#     nodes.sh NUMBER cut | mend     its cable
#     nodes.sh NUMBER drop | pass    datagrams from all of them, and nothing else
#     nodes.sh NUMBER kill | start   its engine, with SIGKILL
#     nodes.sh NUMBER run …          a command there
#     nodes.sh NUMBER docker …       what its engine's own client says, there
# Node 1 manages the Swarm, at DUOTAB_TEST_FLEET_MANAGER by TLS, with the certificates of worker.sh.
set -eu

place=${DUOTAB_TEST_PLACE:?is set by run.sh}
here=$(dirname "$0")
# shellcheck disable=SC1091 # beside this
. "$here/parts.sh"
# shellcheck disable=SC1091 # beside this
. "$here/far.sh"
# shellcheck disable=SC1091 # beside this
. "$here/fleet.sh"
number=${1:-}
case ${2:-} in
    cut) ip link set "fleet$number" down ;;
    drop | pass)
        [ "$2" = drop ] && how=--insert || how=--delete
        iptables "$how" INPUT --in-interface "$fleet_switch" --protocol udp --jump DROP
        ;;
    mend)
        ip link set "fleet$number" up
        await 'all nodes' all_nodes_are_ready
        ;;
    kill)
        keeper=$(cat "$fleet/$number/exec/containerd/containerd.pid" 2>/dev/null || true)
        kill -KILL "$(cat "$fleet/$number/docker.pid")"
        [ -z "$keeper" ] || kill -KILL "$keeper" 2>/dev/null || true
        ;;
    start)
        start_node "$number"
        await 'all nodes' all_nodes_are_ready
        ;;
    run)
        shift 2
        on_node "$number" "$@"
        ;;
    docker)
        shift 2
        node_docker "$number" "$@"
        ;;
    *)
        sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//' >&2
        exit 2
        ;;
esac
