#!/bin/sh
# What happens to the worker of run.sh, and on the way to it, for tests of bad days:
#     worker.sh cut | mend      the cable
#     worker.sh slow | fast     1 Gbit/s in both directions
#     worker.sh drop | pass     datagrams, and nothing else
#     worker.sh hush PORT | speak PORT   what goes to a port of this side's loopback, and back
#     worker.sh fill | empty    its engine's disk
#     worker.sh kill | start    its engine, with SIGKILL
#     worker.sh freeze | thaw   its engine is there and says nothing
#     worker.sh memory MIB      what the machine has, from the next start of its engine on
#     worker.sh docker …        what its engine's own client says, there
# It is at DUOTAB_TEST_WORKER_ADDRESS (and …_ADDRESS6), by SSH as `worker`; `unknown`, `changed` and
# `stranger` are names that SSH does not let through. DUOTAB_TEST_WORKER_FOLDER has the certificates:
# client/, and stranger/ for somebody whom it does not know.
set -eu

place=${DUOTAB_TEST_PLACE:?is set by run.sh}
here=$(dirname "$0")
# shellcheck disable=SC1091 # beside this
. "$here/parts.sh"
# shellcheck disable=SC1091 # beside this
. "$here/far.sh"
pid=$(cat "$far/docker.pid" 2>/dev/null || true)
loopback() {
    for side in dport sport; do
        iptables "$1" INPUT --in-interface lo --protocol tcp --$side "$2" --jump DROP
    done
}
case ${1:-} in
    cut) ip link set "$far_cable" down ;;
    mend) plug_far ;;
    slow)
        tc qdisc replace dev "$far_cable" root tbf rate 1gbit burst 256kb latency 50ms
        there tc qdisc replace dev eth0 root tbf rate 1gbit burst 256kb latency 50ms
        ;;
    fast)
        tc qdisc delete dev "$far_cable" root
        there tc qdisc delete dev eth0 root
        ;;
    drop) iptables --insert INPUT --in-interface "$far_cable" --protocol udp --jump DROP ;;
    pass) iptables --delete INPUT --in-interface "$far_cable" --protocol udp --jump DROP ;;
    hush) loopback --insert "$2" ;;
    speak) loopback --delete "$2" ;;
    fill)
        # All but a little in one step, and that by being written.
        fallocate -l "$(($(df -B1 --output=avail "$far/disk" | tail -n 1) - 8388608))" \
            "$far/disk/filling"
        cat /dev/zero >>"$far/disk/filling" 2>/dev/null || true
        ;;
    empty) rm -f "$far/disk/filling" ;;
    kill)
        keeper=$(cat "$far/exec/containerd/containerd.pid" 2>/dev/null || true)
        kill -KILL "$pid"
        [ -z "$keeper" ] || kill -KILL "$keeper" 2>/dev/null || true
        ;;
    start) start_far_engine ;;
    freeze) kill -STOP "$pid" ;;
    thaw) kill -CONT "$pid" ;;
    memory)
        sed "s/^MemTotal:.*/MemTotal: $(($2 * 1024)) kB/" /proc/meminfo >"$far/meminfo"
        there mount --bind "$far/meminfo" /proc/meminfo
        ;;
    docker)
        shift
        exec /usr/bin/docker --host "unix://$far/docker.sock" "$@"
        ;;
    *)
        sed -n '2,16p' "$0" | sed 's/^# \{0,1\}//' >&2
        exit 2
        ;;
esac
