#!/bin/bash
# Does one thing to a profile's volume, where no browser runs, and says what there is afterwards.
# usage: task.sh PROFILE, with the task in a file beside it. Says "USED FREE NAMES", the former two in
# bytes. Ends with 4 where the volume is somebody else's, and with 3 where a drop has dropped.
set -eu
profile=$1 task=$(cat /etc/neko/duotab-task)
cd "$profile"
shopt -s nullglob
. /etc/neko/duotab-own.sh
own || exit 4
. /etc/neko/duotab-settle.sh
# What was staged just now is not left over.
case $task in
put | drop) ;;
*) settle ;;
esac

# Links what stays into what will take the old one's place.
keep() {
    [ -e "$1" ] || return 0
    mkdir -p ".duotab-import/$(dirname "$1")"
    cp -alT "$1" ".duotab-import/$1"
}

case $task in
measure) ;;
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
    sync
    mv .duotab-import .duotab-ready
    sync
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
echo "$used" $free "$names" >/tmp/duotab-said
