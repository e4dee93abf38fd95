#!/bin/sh
# Installs the Debian packages that building, running and testing need, or those that are named.
# Quick when they are there.
set -eu

packages='
build-essential pkg-config curl ca-certificates file git
libwebkit2gtk-4.1-dev libgtk-3-dev librsvg2-dev libsoup-3.0-dev
libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
gstreamer1.0-plugins-ugly gstreamer1.0-libav
chromium xvfb openbox x11-xkb-utils xdotool imagemagick webkit2gtk-driver
dbus-daemon pulseaudio hunspell-en-us fonts-dejavu-core fonts-noto-color-emoji bubblewrap iproute2 util-linux procps
nodejs npm
'

cd "$(dirname "$0")/.."
stamp=target/.setup${1:+-$1}
packages=${*:-$packages}
mkdir -p target
if [ -f "$stamp" ] && [ "$stamp" -nt tests/setup.sh ]; then
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # A program that was put there by other means counts as well.
    case $package in
        nodejs) command -v node >/dev/null && state=installed ;;
        npm) command -v npm >/dev/null && state=installed ;;
    esac
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "Installing:$missing"
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    export DEBIAN_FRONTEND=noninteractive
    # Old lists give old browsers; without a network the old lists have to do.
    $as_root apt-get update </dev/null || true
    # shellcheck disable=SC2086 # a list
    $as_root apt-get install -y --no-install-recommends $missing </dev/null
fi

# Rust is newer than Debian's; the rest of the project says which.
if ! command -v cargo >/dev/null; then
    echo 'Rust is missing. Get it from https://rustup.rs, then run this again.' >&2
    exit 1
fi
touch "$stamp"
