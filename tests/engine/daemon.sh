#!/bin/sh
# What happens to the private engine of run.sh, for tests of bad days:
#     daemon.sh kill         SIGKILL; its containers are left to themselves
#     daemon.sh terminate    SIGTERM, and waits for the end
#     daemon.sh start        starts it again, and waits until it answers
#     daemon.sh freeze|thaw  SIGSTOP, SIGCONT: it is there and says nothing
set -eu

place=${DUOTAB_TEST_PLACE:?is set by run.sh}
# shellcheck disable=SC1091 # beside this
. "$(dirname "$0")/parts.sh"
pid=$(cat "$place/docker.pid" 2>/dev/null || true)
# The containers' keeper goes with it, as where both are one service.
keeper=$(cat "$place/exec/containerd/containerd.pid" 2>/dev/null || true)
case ${1:-} in
    kill)
        kill -KILL "$pid"
        # It may have gone with it already, or not be there yet after a start.
        [ -z "$keeper" ] || kill -KILL "$keeper" 2>/dev/null || true
        ;;
    terminate) stop_engine ;;
    freeze) kill -STOP "$pid" ;;
    thaw) kill -CONT "$pid" ;;
    start) start_test_engine ;;
    *)
        sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
