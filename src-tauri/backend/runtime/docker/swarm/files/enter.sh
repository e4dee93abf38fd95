#!/bin/bash
# The first program of a Swarm's task. What an engine is asked for elsewhere, and a Swarm cannot be, is
# done here: a profile's folder is made its own, the home network is closed, and all rights that this
# takes are given up for good before anything else runs.
# usage: enter.sh PROFILE room|browse PROGRAM...
set -eu
profile=$1 what=$2
shift 2

# A new volume is root's.
if [ "$(stat -c %u "$profile")" = 0 ] && [ "$(stat -c %a "$profile")" != 1777 ]; then
    chmod 700 "$profile"
    chown neko:neko "$profile"
fi
as_neko=(setpriv --reuid neko --regid neko --clear-groups)
"${as_neko[@]}" mkdir -p -m 700 /home/neko/Downloads
ln -sf /tmp/duotab-lease /etc/neko/duotab-lease
ln -sf /tmp/duotab-task /etc/neko/duotab-task
ln -sf /tmp/duotab-order /etc/neko/duotab-order
ln -sf /tmp/duotab-sum /etc/neko/duotab-sum

if [ -e /etc/neko/duotab-home-closed ]; then
    python3 -I /etc/neko/duotab-network.py
    : >/etc/neko/duotab-home-is-closed
fi

if [ "$what" = room ]; then
    exec "${as_neko[@]}" --no-new-privs --bounding-set -all --inh-caps -all "$@"
fi
exec setpriv --no-new-privs --inh-caps -all --bounding-set -net_admin,-setpcap "$@"
