#!/bin/sh
# Runs a command beside a private container engine and a registry with the images of the tests,
# where nothing but loopback and the containers can be reached:
#     tests/engine/run.sh COMMAND…      `sh` to look around
# All of it lives in namespaces of its own and ends with the command, however that ends. The
# command finds in its environment
#     DUOTAB_TEST_DOCKER    the engine's socket, unix://…
#     DUOTAB_TEST_IMAGE     an image that behaves like Neko's, in the registry
#     DUOTAB_TEST_REGISTRY  the registry, without a scheme; it also has duotab/neko:2 (newer),
#                           duotab/neko:broken (never ready) and duotab/small:1 (a few layers)
#     DUOTAB_TEST_DENIED    a registry that lets nobody in
#     DUOTAB_TEST_ENGINE    a program that stops and starts the engine: see daemon.sh
#     DUOTAB_TEST_DISK      the engine's disk, which is its own and may be filled
#     DUOTAB_TEST_GATEWAY   the address at which containers reach what the command listens on
# and, with DUOTAB_TEST_WORKERS=1, a second engine as on another machine: see worker.sh; with
# DUOTAB_TEST_SWARM=1 also a Swarm of three more: see nodes.sh
# DUOTAB_TEST_BUILT=1 takes the images that are there, however old. ENGINE is the engine: docker, podman,
# rootless-docker or rootless-podman; the client is Docker's all the same.
set -eu

cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ]; then
    echo 'The tests of the container engine need root, for an engine and a network of their own:'
    echo '    sudo make test-engine'
    echo 'They were left out.'
    exit 0
fi

store=$PWD/target/engine
place=${DUOTAB_TEST_PLACE:-}
if [ -z "$place" ]; then
    tests/setup.sh docker.io docker-registry debootstrap busybox-static e2fsprogs iptables
    [ -z "${DUOTAB_TEST_WORKERS:-}" ] ||
        tests/setup.sh openssh-server openssh-client openssl faketime
    [ "${ENGINE:-docker}" = docker ] || tests/setup.sh podman containernetworking-plugins \
        uidmap slirp4netns rootlesskit fuse-overlayfs
    [ -n "${DUOTAB_TEST_BUILT:-}" ] || ENGINE=docker tests/engine/build.sh
    # What runs left that were killed.
    for old in /tmp/duotab-engine.*; do
        [ -d "/proc/$(cat "$old/owner" 2>/dev/null)" ] || rm -rf "$old"
    done
    DUOTAB_TEST_PLACE=$(mktemp -d /tmp/duotab-engine.XXXXXX)
    echo "$$" >"$DUOTAB_TEST_PLACE/owner"
    export DUOTAB_TEST_PLACE
    exec unshare --net --mount --uts --pid --fork --kill-child --mount-proc "$0" "$@"
fi

# shellcheck disable=SC1091 # from the top
. tests/engine/parts.sh
# The engine's containers, its disk and what it left of cgroups; the namespaces do the rest.
leave() {
    trap '' INT TERM
    # What is paused cannot even be killed, and its namespace would never end.
    find /sys/fs/cgroup -path "*/$(basename "$place")*" -name freezer.state \
        -exec sh -c 'echo THAWED >"$1"' sh {} \; 2>/dev/null || true
    find /sys/fs/cgroup -path "*/$(basename "$place")*" -name cgroup.freeze \
        -exec sh -c 'echo 0 >"$1"' sh {} \; 2>/dev/null || true
    stop_engine
    [ -z "${DUOTAB_TEST_SWARM:-}" ] || stop_fleet
    [ -z "${DUOTAB_TEST_WORKERS:-}" ] || stop_worker
    umount --lazy "$place/disk" 2>/dev/null || true
    # What is frozen does not even hear that it is killed.
    find /sys/fs/cgroup -path "*/$(basename "$place")*" -name freezer.state \
        -exec sh -c 'echo THAWED >"$1"' thaw {} \; 2>/dev/null || true
    find /sys/fs/cgroup -depth -type d -path "*/$(basename "$place")*" \
        -exec rmdir {} + 2>/dev/null || true
    rm -rf "$place" "$store/run"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ip link set lo up
mkdir -p /tmp/.X11-unix
mount -t tmpfs -o mode=1777 none /tmp/.X11-unix
mkdir -p /run/containerd
mount -t tmpfs none /run/containerd
disk "$place/disk.img" "$place/disk" 8G
case ${ENGINE:-docker} in rootless-*) make_person ;; esac
start_registry "$store/registry" 5000
start_registry "$store/registry" 5001 denied
start_test_engine

if [ -n "${DUOTAB_TEST_WORKERS:-}" ]; then
    # shellcheck disable=SC1091 # from the top
    . tests/engine/far.sh
    start_worker
fi
if [ -n "${DUOTAB_TEST_SWARM:-}" ]; then
    # shellcheck disable=SC1091 # from the top
    . tests/engine/fleet.sh
    start_fleet
fi

export DUOTAB_TEST_DOCKER="$DOCKER_HOST"
unset DOCKER_HOST
export DUOTAB_TEST_REGISTRY="$registry_at:5000"
export DUOTAB_TEST_DENIED="$registry_at:5001"
export DUOTAB_TEST_IMAGE="$DUOTAB_TEST_REGISTRY/duotab/neko:1"
export DUOTAB_TEST_ENGINE="$PWD/tests/engine/daemon.sh"
export DUOTAB_TEST_DISK="$place/disk"
export DUOTAB_TEST_GATEWAY="$gateway"
"$@"
