#!/bin/bash
# Does one thing to a profile's volume, where no browser runs, and says what there is afterwards.
# usage: task.sh PROFILE, with the task in a file beside it. Says "USED FREE NAMES GOES", all but
# the names in bytes. Ends with
#   3  where a drop has dropped
#   4  where the volume is somebody else's
#   5  where what was staged has not the sum that it should have
#   6  where there is no room
set -eu
profile=$1 task=$(cat /etc/neko/duotab-task)
cd "$profile"
shopt -s nullglob
full() {
    local free
    free=$(df -B1 --output=avail . | tail -1)
    [[ $free =~ ^\ *[0-9]+$ ]] && [ "$free" -lt 65536 ]
}
trap '! full || exit 6' ERR
. /etc/neko/duotab-own.sh
if ! own; then
    # Without room nobody can say whose it is.
    ! full || exit 6
    exit 4
fi
. /etc/neko/duotab-settle.sh
# What was staged just now is not left over.
case $task in
put | drop | own) ;;
*) settle ;;
esac

# Links what stays into what will take the old one's place.
keep() {
    [ -e "$1" ] || return 0
    mkdir -p ".duotab-import/$(dirname "$1")"
    cp -alT "$1" ".duotab-import/$1"
}

case $task in
measure | own) ;;
stage) mkdir .duotab-import ;;
keep)
    mkdir .duotab-import
    while IFS= read -r path; do
        keep "$path"
    done </etc/neko/duotab-kept
    for within in Default "Profile "*; do
        while IFS= read -r path; do
            keep "$within/$path"
            keep "$within/$path-journal"
        done </etc/neko/duotab-kept-within
    done
    ;;
empty) find . -mindepth 1 -delete ;;
put)
    if [ -e /etc/neko/duotab-sum ]; then
        sum=$(cd .duotab-import && xargs -0 -r cat -- </etc/neko/duotab-order | md5sum)
        [ "${sum%% *}" = "$(cat /etc/neko/duotab-sum)" ] || {
            rm -rf .duotab-import
            exit 5
        }
    fi
    sync --file-system .
    mv .duotab-import .duotab-ready
    sync --file-system .
    settle
    ;;
drop)
    # What is not decided on yet goes; whatever else was to be put in is put in.
    if [ -e .duotab-import ]; then
        rm -rf .duotab-import
        exit 3
    fi
    settle
    ;;
esac

used=$(du -s -B1 . | cut -f1)
free=$(df -B1 --output=avail . | tail -1)
names=$(find . -mindepth 1 ! -type s -printf . | wc -c)
goes=$(du -s -B1 --exclude-from=/etc/neko/duotab-left-out . | cut -f1)
echo "$used" $free "$names" "$goes" >/tmp/duotab-said
