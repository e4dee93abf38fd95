#!/bin/sh
# Looks into the package, unpacks it into a folder of its own, starts what is in it in a private X
# server and waits for its window. As root it also lets dpkg install and remove it for real if
# INSTALL=1 is set.
set -eu

package=$1
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'rm -rf "$folder"' EXIT

dpkg-deb --field "$package" Package Version Architecture Depends
if [ "${INSTALL:-}" = 1 ]; then
    dpkg --install "$package"
    trap 'dpkg --remove duotab; rm -rf "$folder"' EXIT
    root=
else
    dpkg-deb --extract "$package" "$folder/root"
    root=$folder/root
fi
for file in usr/bin/duotab usr/lib/duotab/koneko usr/share/applications/Duotab.desktop; do
    test -f "$root/$file" || { echo "the package lacks $file" >&2; exit 1; }
done

env -u DISPLAY -u WAYLAND_DISPLAY \
    DUOTAB_ENGINE=embedded DUOTAB_DATA_DIR="$folder/data" DUOTAB_RUNTIME_DIR="$folder/run" \
    "$(dirname "$0")/desktop.sh" sh -c '
        "$0" & app=$!
        timeout 60 xdotool search --sync --onlyvisible --name "Duotab$" >/dev/null || {
            kill "$app"; echo "no window" >&2; exit 1; }
        kill -TERM "$app"; wait "$app"
    ' "$root/usr/bin/duotab"
echo "The package starts, shows its window and ends in good order."
