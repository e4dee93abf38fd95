#!/bin/sh
# Puts the npm packages where they belong, and a newer Node beside them if Debian's is too old.
# Prints the folder that has to come first in PATH.
set -eu

cd "$(dirname "$0")/.."
mkdir -p target
programs=$PWD/target/node/node_modules/.bin
if ! node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 22 || major === 22 && minor >= 12 || major === 20 && minor >= 19 ? 0 : 1)
' 2>/dev/null; then
    [ -x "$programs/node" ] ||
        npm install --silent --no-fund --no-audit --prefix target/node node@22 </dev/null >&2
    PATH=$programs:$PATH
fi
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --no-fund --no-audit </dev/null >&2
    touch node_modules/.package-lock.json
fi
echo "$programs"
