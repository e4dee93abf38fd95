#!/bin/sh
# Runs a command on the desktop, or, where there is none, in a private X server.
set -eu

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$@"
fi

folder=$(mktemp -d)
server= manager=
leave() {
    for process in $manager $server; do
        kill "$process" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$folder/number"
Xvfb -displayfd 3 -nolisten tcp -screen 0 "${SCREEN:-1280x800x24}" \
    3>"$folder/number" 2>"$folder/log" &
server=$!
read -r number <"$folder/number" || { cat "$folder/log" >&2; exit 1; }
export DISPLAY=":$number"
openbox >/dev/null 2>&1 3>&- &
manager=$!

cat <<END
There is no display here: the app runs in a private X server, $DISPLAY.
To look at it, from another terminal:
    import -display $DISPLAY -window root look.png
    xdotool … with DISPLAY=$DISPLAY is its keyboard and mouse.
END
if command -v x11vnc >/dev/null; then
    echo "    x11vnc -display $DISPLAY -localhost    then a VNC viewer on localhost:5900"
fi
"$@" &
app=$!
trap 'kill "$app" 2>/dev/null; wait "$app" || true; exit 143' INT TERM
wait "$app"
