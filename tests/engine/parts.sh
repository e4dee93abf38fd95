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
# may fill it. It need not outlive the machine, and does not wait for the machine's own disk. Where loop
# devices cannot be had it is a folder. Its file, where it goes, its size.
disk() {
    mkdir -p "$2"
    [ -e "$1" ] || { truncate -s "$3" "$1" && mkfs.ext4 -q -m 0 "$1"; }
    mount -o loop,discard,nobarrier "$1" "$2" 2>>"$place/disk.log" || echo 'no loop device' >>"$place/disk.log"
}

# What a daemon that was killed leaves behind keeps the next one from starting.
sweep() {
    rm -rf "$place/docker.pid" "$place/docker.sock" \
        "$place"/exec/containerd/*.pid "$place"/exec/containerd/*.sock*
}

# Runs a daemon with nothing open of whoever starts it, whose locks it would hold for as long as it
# lives. It takes the shell's own place, so in the background alone.
alone() {
    # shellcheck disable=SC2016 # for the other shell: this one closes none past the ninth
    exec bash -c 'for it in /proc/$$/fd/*; do
        it=${it##*/}
        [ "$it" -le 2 ] || eval "exec $it>&-"
    done
    exec "$@"' alone "$@"
}

# dockerd with nothing of the machine's own; more options may follow.
start_engine() {
    sweep
    echo '{}' >"$place/docker.json"
    alone setsid dockerd --config-file "$place/docker.json" --data-root "$place/disk/docker" \
        --exec-root "$place/exec" --pidfile "$place/docker.pid" --host "$DOCKER_HOST" \
        --mtu 1400 --shutdown-timeout 5 "$@" >>"$place/docker.log" 2>&1 </dev/null &
    await 'the container engine' docker version
}

# A person without rights on this machine, as distributions prepare one: numbers of their own for
# their containers, and devices that anybody may open.
person=4242
make_person() {
    mkdir -p "$place/etc" "$place/dev" "$place/disk/home" "$place/exec"
    chmod 755 "$place"
    for file in passwd group subuid subgid; do
        cp "/etc/$file" "$place/etc/$file"
    done
    echo "person:x:$person:$person::$place/disk/home:/bin/sh" >>"$place/etc/passwd"
    echo "person:x:$person:" >>"$place/etc/group"
    echo 'person:300000:65536' | tee -a "$place/etc/subuid" >>"$place/etc/subgid"
    for file in passwd group subuid subgid; do
        mount --bind "$place/etc/$file" "/etc/$file"
    done
    for device in 'net/tun 10 200' 'fuse 10 229'; do
        # shellcheck disable=SC2086 # a name and two numbers
        set -- $device
        node=$place/dev/${1##*/}
        mknod -m 666 "$node" c "$2" "$3"
        mount --bind "$node" "/dev/$1"
    done
    chown "$person:$person" "$place/disk/home" "$place/exec"
    chmod 700 "$place/exec"
    # Their containers reach this side from within it, so the address has to be here already.
    ip addr add "$gateway/32" dev lo
}

# What runs something as that person, in whose folder the engine's socket is then.
as_whom() {
    echo "setpriv --reuid $person --regid $person --clear-groups env HOME=$place/disk/home \
        XDG_RUNTIME_DIR=$place/exec USER=person"
}

# Podman behind Docker's API, with nothing of the machine's own either: root's, or that person's.
start_podman() {
    rm -f "$socket"
    cat >"$place/registries.conf" <<TOML
[[registry]]
location = "127.0.0.1:5000"
insecure = true
[[registry]]
location = "127.0.0.1:5001"
insecure = true
TOML
    cat >"$place/storage.conf" <<TOML
[storage]
driver = "overlay"
graphroot = "$place/disk/${1:-}podman"
runroot = "$place/exec/podman"
TOML
    cat >"$place/containers.conf" <<TOML
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
tmp_dir = "$place/exec/tmp"
[network]
default_subnet = "10.201.0.0/24"
network_config_dir = "$place/exec/networks"
TOML
    [ -z "${1:-}" ] || sed -i '/^default_subnet/d' "$place/containers.conf"
    [ -z "${1:-}" ] || install -d -o "$person" -g "$person" "$place/disk/${1}podman"
    export CONTAINERS_CONF="$place/containers.conf" CONTAINERS_STORAGE_CONF="$place/storage.conf" \
        CONTAINERS_REGISTRIES_CONF="$place/registries.conf"
    run="setsid podman system service --time 0 $DOCKER_HOST"
    [ -z "${1:-}" ] || run="$(as_whom) $run"
    # shellcheck disable=SC2086 # words
    alone $run >>"$place/docker.log" 2>&1 </dev/null &
    echo $! >"$place/docker.pid"
    await 'the container engine' docker version
}

# Docker as a person has it without rights.
start_rootless() {
    rm -rf "$socket" "$place/exec/docker.pid" "$place/exec/docker"
    echo '{}' >"$place/docker.json"
    # shellcheck disable=SC2046 # words
    alone $(as_whom) /usr/share/docker.io/contrib/dockerd-rootless.sh \
        --config-file "$place/docker.json" --data-root "$place/disk/home/docker" \
        --exec-root "$place/exec/docker" --pidfile "$place/exec/docker.pid" \
        --host "$DOCKER_HOST" --insecure-registry "$gateway:5000" \
        --insecure-registry "$gateway:5001" --shutdown-timeout 5 \
        >>"$place/docker.log" 2>&1 </dev/null &
    echo $! >"$place/docker.pid"
    await 'the container engine' docker version
}

# The one of the tests: the gateway of its containers is where they find this side.
gateway=10.201.0.1
socket=$place/docker.sock
registry_at=127.0.0.1
case ${ENGINE:-docker} in
    rootless-*)
        socket=$place/exec/docker.sock
        export DOCKER_HOST="unix://$socket"
        ;;
esac
[ "${ENGINE:-docker}" != rootless-docker ] || registry_at=$gateway
start_test_engine() {
    case ${ENGINE:-docker} in
        podman) start_podman ;;
        rootless-podman) start_podman rootless ;;
        rootless-docker) start_rootless ;;
        *) start_engine --bip "$gateway/24" --cgroup-parent "/$(basename "$place")" ;;
    esac
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
http: {addr: "$registry_at:$2"}
YAML
    if [ "${3:-}" = denied ]; then
        : >"$place/htpasswd"
        printf 'auth: {htpasswd: {realm: duotab, path: %s}}\n' "$place/htpasswd" \
            >>"$place/registry-$2.yml"
    fi
    alone docker-registry serve "$place/registry-$2.yml" >>"$place/registry.log" 2>&1 </dev/null &
    await 'the registry' curl --silent --max-time 2 "http://$registry_at:$2/v2/"
}
