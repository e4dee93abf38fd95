# Takes a profile's volume, in whose folder it is called, for one copy of the app, and keeps it for as
# long as anything of the caller lives. Fails if another copy has it, or has had it since.
own() {
    local copy known wanted name epoch='' theirs='' their_name=''
    read -r copy known wanted name </etc/neko/duotab-claim || return 1
    # Where there is no room for the note, or no lock to be had, others see to it that nobody comes.
    exec 9<>.duotab-owner || return 0
    flock --nonblock --conflict-exit-code 9 9
    local locked=$?
    read -r epoch theirs their_name <&9
    [[ $epoch =~ ^[0-9]{1,18}$ ]] || { epoch=0 theirs=$copy; }
    if [ "$locked" = 9 ] ||
        { [ "$theirs" != "$copy" ] && [ "$epoch" -gt "$known" ] && [ "$wanted" = 0 ]; }; then
        echo "theirs $theirs $their_name" >/tmp/duotab-owner
        return 1
    fi
    [ "$epoch" -ge "$known" ] || epoch=$known
    # Over the old one, which a power cut leaves as it was or replaces.
    printf '%s\n' "$((epoch + 1)) $copy $name" 1<>.duotab-owner
    echo "ours $((epoch + 1))" >/tmp/duotab-owner
}
