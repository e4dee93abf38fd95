#!/bin/sh
# All that is tested beside a real container engine. What is compiled is compiled before, where
# the registries of crates can be reached; with the same choice of packages as all other tests, so
# that nothing is compiled twice.
set -eu

cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
    [ "$(id -u)" != 0 ] || cargo test --locked --workspace --no-run \
        --test conformance --test docker --test stories
    exec tests/engine/run.sh "$0" inside
fi

failed=
run() {
    echo "== $*"
    began=$(date +%s)
    "$@" || failed="$failed$*
"
    echo "== $(($(date +%s) - began)) s"
}
suite() {
    name=$1
    shift
    run cargo test --offline --locked --workspace --test "$name" -- --test-threads=1 "$@"
}

case ${ENGINE:-docker} in
    docker)
        run tests/engine/conformance.sh
        suite docker
        suite stories contained container
        ;;
    # What belongs to Docker's own daemon (how it dies, what it forbids) is left out.
    *) suite docker data:: encoder:: fence:: life:: page:: --skip engine_that_goes_away ;;
esac
if [ -n "$failed" ]; then
    printf 'failed:\n%s' "$failed" >&2
    exit 1
fi
