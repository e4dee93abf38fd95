#!/bin/sh
# All that is tested beside a container engine as on another machine. What is compiled is compiled
# before, where the registries of crates can be reached.
set -eu

cd "$(dirname "$0")/../.."
export DUOTAB_TEST_WORKERS=1
if [ "$(id -u)" = 0 ]; then
    cargo test --locked --workspace --no-run --test workers
fi
exec tests/engine/run.sh cargo test --offline --locked --workspace --test workers -- \
    --test-threads=1 "$@"
