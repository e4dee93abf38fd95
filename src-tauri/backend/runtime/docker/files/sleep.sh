#!/bin/bash
# Lets all that this user runs in this container sleep, or wakes it; but for the lease, which goes on
# to count, and the door by which a Swarm's task is asked. usage: sleep.sh STOP|CONT
lease=$(cat /tmp/duotab-lease.pid 2>/dev/null)
gate=$(cat /tmp/duotab-gate.pid 2>/dev/null)
if [ "$1" = STOP ]; then : >/tmp/duotab-asleep; else rm -f /tmp/duotab-asleep; fi
# Twice, for what was begun meanwhile.
for pass in 1 2; do
    for status in /proc/[0-9]*/status; do
        pid='' parent='' user=''
        while read -r key value _; do
            case $key in
                Pid:) pid=$value ;;
                PPid:) parent=$value ;;
                Uid:) user=$value ;;
            esac
        done 2>/dev/null <"$status"
        case $pid in '' | 1 | $$ | "$lease" | "$gate") continue ;; esac
        case $parent in $$ | "$lease" | "$gate") continue ;; esac
        [ "$user" != "$UID" ] || kill "-$1" "$pid" 2>/dev/null
    done
done
echo done
