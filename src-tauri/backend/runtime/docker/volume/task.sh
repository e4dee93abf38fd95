#!/bin/bash
# Does one thing to a profile's volume, where no browser runs, and says what there is afterwards.
# usage: task.sh PROFILE, with the task in a file beside it. Says "USED FREE" in bytes.
set -eu
profile=$1 task=$(cat /etc/neko/duotab-task)
cd "$profile"
. /etc/neko/duotab-settle.sh
# What was staged just now is not left over.
[ "$task" = put ] || settle

case $task in
measure) ;;
stage) mkdir .duotab-import ;;
put)
    mv .duotab-import .duotab-ready
    sync
    settle
    ;;
clear)
    mkdir .duotab-import
    while read -r kept; do
        for path in $kept; do
            [ -e "$path" ] || continue
            mkdir -p ".duotab-import/$(dirname "$path")"
            cp -al "$path" ".duotab-import/$path"
        done
    done </etc/neko/duotab-kept
    mv .duotab-import .duotab-ready
    sync
    settle
    ;;
esac

used=$(du -s -B1 . | cut -f1)
free=$(df -B1 --output=avail . | tail -1)
echo "$used" $free >/tmp/duotab-said
