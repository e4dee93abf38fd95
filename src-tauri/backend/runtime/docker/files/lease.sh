#!/bin/bash
# Ends all that runs in this container when nobody has renewed its lease for some time.
# usage: lease.sh SECONDS. Only the time counts for which it ran: no clock is asked.
left=$1 step=5 last=
echo $$ >/tmp/duotab-lease.pid
while :; do
    now=$(cat /etc/neko/duotab-lease 2>/dev/null)
    if [ "$now" != "$last" ]; then
        last=$now left=$1
    fi
    # What came while it slept counts as well.
    [ "$left" -gt 0 ] || break
    sleep "$step"
    left=$((left - step))
done
echo 'nobody has renewed the lease'
# What sleeps could not write what it has.
/bin/bash /etc/neko/duotab-sleep.sh CONT
exec supervisorctl -c /etc/neko/supervisord.conf shutdown
