#!/bin/sh
# All that is tested beside a container engine as on another machine. What is compiled is compiled
# before, where the registries of crates can be reached.
set -eu

cd "$(dirname "$0")/../.."
export DUOTAB_TEST_WORKERS=1 DUOTAB_TEST_SWARM=1
if [ "${1:-}" != inside ]; then
    [ "$(id -u)" != 0 ] || cargo test --locked --workspace --no-run \
        --test workers --test fleet --test stories --test window
    exec tests/engine/run.sh "$0" inside
fi

failed=
run() {
    suite=$1
    shift
    cargo test --offline --locked --workspace --test "$suite" -- --test-threads=1 "$@"
}
# Beside each other: they wait more than they do, and each has engines of its own.
said=$(mktemp)
(
    run workers || failed="$failed workers"
    run stories far:: || failed="$failed stories"
    run window streamed::far:: || failed="$failed window"
    [ -z "$failed" ]
) >"$said" 2>&1 &
workers=$!
run fleet || failed="$failed fleet"
run stories fleet:: || failed="$failed stories"
wait "$workers" || failed="$failed workers"
cat "$said"
rm -f "$said"
[ -z "$failed" ] || { echo "failed: $failed" >&2; exit 1; }
