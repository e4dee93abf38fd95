#!/bin/bash
# Starts the browser when the screen is there, and ends the container with it.
# usage: browser.sh PROGRAM PROFILE
program=$1 profile=$2
echo $$ >/tmp/duotab-browser.pid
mapfile -t arguments </etc/neko/duotab-arguments

# A profile in a volume is ours alone from here on, or not to be touched.
cd "$profile"
if [ -e /etc/neko/duotab-own.sh ]; then
    . /etc/neko/duotab-own.sh
    if ! own; then
        # What is reached through a door of its own is asked why while it is there; so is what has no
        # room to say whose the profile is.
        free=$(df -B1 --output=avail /tmp | tail -n 1)
        if [ -e /etc/neko/duotab-gate.py ] || { [ -n "$free" ] && [ "$free" -lt 65536 ]; }; then
            sleep 10
        fi
        exec supervisorctl -c /etc/neko/supervisord.conf shutdown
    fi
fi

# What a browser that was killed has left, or whoever was putting data into its profile.
. /etc/neko/duotab-settle.sh
settle
cd /

# Where the home network is to be closed, no page before it is.
if [ -e /etc/neko/duotab-home-closed ]; then
    until [ -e /etc/neko/duotab-home-is-closed ]; do sleep 0.02; done
fi

screen=${DISPLAY#:}
until [ -S "/tmp/.X11-unix/X${screen%%.*}" ]; do sleep 0.02; done

# All that Chromium's sandbox asks of the kernel: namespaces of its own, and a root of its own.
if unshare --user --map-root-user --pid --net --fork chroot / /bin/true 2>/dev/null; then
    echo namespaces >/tmp/duotab-sandbox
    arguments=(--disable-setuid-sandbox "${arguments[@]}")
else
    echo none >/tmp/duotab-sandbox
    arguments=(--no-sandbox "${arguments[@]}")
fi

"$program" "${arguments[@]}" &
browser=$!
trap 'trap - INT TERM; kill -INT $browser; wait $browser; exit' INT TERM
wait $browser
echo "the browser ended with $?"
exec supervisorctl -c /etc/neko/supervisord.conf shutdown
