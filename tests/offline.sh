#!/bin/sh
# Runs a command where nothing but loopback exists, so that no packet of a test can leave the
# machine, and where X servers have a folder of their own: two that cannot see each other's network
# take the same display number, and the second one takes the first one's socket away. Where the
# system does not permit that, it says so and runs the command all the same.
set -eu

sockets=/tmp/.X11-unix
mkdir -p -m 1777 "$sockets" 2>/dev/null || true
begin="ip link set lo up && mount -t tmpfs -o mode=1777 none $sockets"
inside="$begin && exec \"\$@\""
if [ "$(id -u)" = 0 ]; then
    if unshare --net --mount sh -c "$begin" 2>/dev/null; then
        exec unshare --net --mount sh -c "$inside" sh "$@"
    fi
elif unshare --map-root-user --net --mount sh -c "$begin" 2>/dev/null; then
    # Root is needed only for loopback; the command is who it was.
    back="exec unshare --user --map-user=$(id -u) --map-group=$(id -g) -- \"\$@\""
    exec unshare --map-root-user --net --mount sh -c "$begin && $back" sh "$@"
fi
echo 'No network namespace can be had here: the tests run with the network in reach.' >&2
exec "$@"
