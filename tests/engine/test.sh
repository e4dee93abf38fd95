#!/bin/sh
# All that is tested beside a real container engine. What is compiled is compiled before, where
# the registries of crates can be reached.
set -eu

cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || exec tests/engine/run.sh
cargo test --locked --no-run --workspace --test conformance --test docker
exec tests/engine/run.sh sh -c '
    set -e
    cargo test --offline --locked --workspace --test docker -- --test-threads=1
    tests/engine/conformance.sh
'
