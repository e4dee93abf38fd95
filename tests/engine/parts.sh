# shellcheck shell=sh
# The parts of a private container engine; sourced by the scripts beside it. `place` is the folder
# of this run, in /tmp because the name of a socket must be short.

: "${place:?}"
export DOCKER_HOST="unix://$place/docker.sock"

# Debian's client, whatever else is called that.
docker() {
    DOCKER_BUILDKIT=0 /usr/bin/docker "$@"
}

# Waits for something that has no event to wait for: what, then the command that tells.
await() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -ge 300 ]; then
            echo "$what did not come:" >&2
            tail -n 20 "$place"/*.log >&2
            return 1
        fi
        sleep 0.1
    done
}

# A disk of its own for an engine: overlayfs needs a file system that is none itself, and a test
# may fill it. Where loop devices cannot be had it is a folder. Its file, where it goes, its size.
disk() {
    mkdir -p "$2"
    [ -e "$1" ] || { truncate -s "$3" "$1" && mkfs.ext4 -q -m 0 "$1"; }
    mount -o loop,discard "$1" "$2" 2>>"$place/disk.log" || echo 'no loop device' >>"$place/disk.log"
}

# What a daemon that was killed leaves behind keeps the next one from starting.
sweep() {
    rm -rf "$place/docker.pid" "$place/docker.sock" \
        "$place"/exec/containerd/*.pid "$place"/exec/containerd/*.sock*
}

# dockerd with nothing of the machine's own; more options may follow.
start_engine() {
    sweep
    echo '{}' >"$place/docker.json"
    setsid dockerd --config-file "$place/docker.json" --data-root "$place/disk/docker" \
        --exec-root "$place/exec" --pidfile "$place/docker.pid" --host "$DOCKER_HOST" \
        --mtu 1400 --shutdown-timeout 5 "$@" >>"$place/docker.log" 2>&1 </dev/null &
    await 'the container engine' docker version
}

# The one of the tests: the gateway of its containers is where they find this side.
gateway=10.201.0.1
start_test_engine() {
    start_engine --bip "$gateway/24" --cgroup-parent "/$(basename "$place")"
}

stop_engine() {
    [ -e "$place/docker.pid" ] || return 0
    pid=$(cat "$place/docker.pid")
    kill "$pid" 2>/dev/null || return 0
    tries=0
    while [ -d "/proc/$pid" ] && [ "$tries" -lt 150 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

# A registry on loopback: the folder of its images, its port; `denied` lets nobody in.
start_registry() {
    cat >"$place/registry-$2.yml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $1}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$2"}
YAML
    if [ "${3:-}" = denied ]; then
        : >"$place/htpasswd"
        printf 'auth: {htpasswd: {realm: duotab, path: %s}}\n' "$place/htpasswd" \
            >>"$place/registry-$2.yml"
    fi
    docker-registry serve "$place/registry-$2.yml" >>"$place/registry.log" 2>&1 </dev/null &
    await 'the registry' curl --silent --max-time 2 "http://127.0.0.1:$2/v2/"
}
