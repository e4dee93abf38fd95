#!/bin/sh
# All that is tested beside a real container engine. What is compiled is compiled before, where
# the registries of crates can be reached; with the same choice of packages as all other tests, so
# that nothing is compiled twice.
set -eu

cd "$(dirname "$0")/../.."
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

failed=
case ${1:-} in
    engine)
        run tests/engine/conformance.sh
        suite docker
        suite stories half::contained contained::cut
        ;;
    # Some of them go with the engine's own tests, which are done sooner.
    stories) suite stories contained container --skip half::contained --skip contained::cut ;;
    # What belongs to Docker's own daemon (how it dies, what it forbids) is left out.
    other) suite docker data:: encoder:: fence:: life:: page:: --skip engine_that_goes_away ;;
    *)
        # Says what is left out without root.
        [ "$(id -u)" = 0 ] || exec tests/engine/run.sh
        cargo test --locked --workspace --no-run --test conformance --test docker --test stories
        if [ "${ENGINE:-docker}" != docker ]; then
            exec tests/engine/run.sh "$0" other
        fi
        tests/engine/run.sh true
        export DUOTAB_TEST_BUILT=1
        # Beside each other: they wait as much as they do, and each has an engine of its own.
        said=$(mktemp)
        # In a group of its own: what it becomes hears of no signal, and those in it do.
        setsid tests/engine/run.sh "$0" engine >"$said" 2>&1 &
        engine=$!
        leave() {
            [ -z "$engine" ] || kill -TERM -- "-$engine" 2>/dev/null || true
            cat "$said"
            rm -f "$said"
        }
        trap leave EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        tests/engine/run.sh "$0" stories || failed='the stories
'
        wait "$engine" || failed="${failed}the engine's own tests
"
        engine=
        ;;
esac
if [ -n "$failed" ]; then
    printf 'failed:\n%s' "$failed" >&2
    exit 1
fi
