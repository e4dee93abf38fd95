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
cargo test --offline --locked --workspace --test workers -- --test-threads=1 || failed=workers
cargo test --offline --locked --workspace --test fleet -- --test-threads=1 || failed="$failed fleet"
cargo test --offline --locked --workspace --test stories -- --test-threads=1 far:: fleet:: ||
    failed="$failed stories"
cargo test --offline --locked --workspace --test window -- --test-threads=1 streamed::far:: ||
    failed="$failed window"
[ -z "$failed" ] || { echo "failed: $failed" >&2; exit 1; }
