#!/bin/sh
# Brings the images of the engine's tests into the folder of a registry. The machine's network is
# used for Debian's packages alone, and only when the recipe has changed; koneko is a thin last
# layer. With IMAGE set, that image takes the place of ours.
set -eu

cd "$(dirname "$0")/../.."
store=$PWD/target/engine
here=tests/engine
koneko=target/debug/koneko
registry=127.0.0.1:5000

# One step in a namespace of its own, so that nothing outlives it.
step() {
    step=$1
    shift
    unshare "$@" --mount --pid --fork --kill-child --mount-proc "$here/build.sh" "$step" \
        >"$store/$step.log" 2>&1 || {
        tail -n 40 "$store/$step.log" >&2
        exit 1
    }
}

# A small image of a few layers that do not compress, for whatever only wants to see a pull.
small() {
    folder=$place/small
    mkdir -p "$folder"
    cp "$(command -v busybox)" "$folder/"
    {
        echo 'FROM scratch'
        echo 'COPY busybox /bin/busybox'
        for layer in 1 2 3 4; do
            [ -e "$store/small-$layer" ] || head -c 6000000 /dev/urandom >"$store/small-$layer"
            cp "$store/small-$layer" "$folder/"
            echo "COPY small-$layer /"
        done
        echo 'CMD ["/bin/busybox", "sleep", "3600"]'
    } >"$folder/Dockerfile"
    docker build --quiet --tag duotab/small:1 "$folder"
}

# Debian itself, from where this machine has its packages.
debian() {
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # apt's own variables
    sources=$(apt-get indextargets 'Created-By: Packages' 'Origin: Debian' \
        --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)')
    mirror=$(echo "$sources" | awk -v suite="$suite" '$3 == suite { print $2; exit }')
    root=$place/disk/debian
    debootstrap --variant=minbase "$suite" "$root" "${mirror:-http://deb.debian.org/debian}"
    [ -z "$sources" ] || echo "$sources" >"$root/etc/apt/sources.list"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    tar -C "$root" -c . | docker import - duotab/debian
    rm -rf "$root"
}

ours() {
    docker image inspect duotab/debian >/dev/null 2>&1 || debian
    context=$place/context
    cp -r "$here/image" "$context"
    strip -o "$context/neko" "$koneko"
    docker build --network host --tag duotab/neko:1 "$context"
}

build() {
    start_engine --bridge none --iptables=false --ip-forward=false
    if [ -n "${IMAGE:-}" ]; then
        docker pull "$IMAGE"
        docker tag "$IMAGE" duotab/neko:1
    else
        ours
    fi
    # One that is newer, and one that never becomes ready.
    echo 'FROM duotab/neko:1
        LABEL org.opencontainers.image.version=2' | docker build --quiet --tag duotab/neko:2 -
    echo 'FROM duotab/neko:1
        CMD ["/bin/sleep", "3600"]' | docker build --quiet --tag duotab/neko:broken -
    small
    docker image prune --force >/dev/null
    stop_engine
}

push() {
    ip link set lo up
    start_registry "$store/registry" 5000
    start_engine --bridge none --iptables=false --ip-forward=false
    for image in neko:1 neko:2 neko:broken small:1; do
        docker tag "duotab/$image" "$registry/duotab/$image"
        docker push --quiet "$registry/duotab/$image"
    done
    stop_engine
}

case ${1:-} in
    build | push)
        # shellcheck disable=SC1091 # beside this
        . "$here/parts.sh"
        trap stop_engine EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        # One that the machine runs would be taken for ours.
        mkdir -p /run/containerd
        mount -t tmpfs none /run/containerd
        disk "$store/store.img" "$place/disk" 16G
        "$1"
        exit
        ;;
esac

recipe=$(cat "$here/build.sh" "$here/parts.sh" "$here"/image/* "$koneko" | sha256sum)
if [ "$(cat "$store/built" 2>/dev/null)" = "$recipe ${IMAGE:-}" ]; then
    exit 0
fi
echo 'Building the images for the container engine…'
mkdir -p "$store"
place=$(mktemp -d /tmp/duotab-build.XXXXXX)
export place
trap 'rm -rf "$place"' EXIT
step build
step push --net
echo "$recipe ${IMAGE:-}" >"$store/built"
