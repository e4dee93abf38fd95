#!/bin/sh
# The client's conformance suite against the server in a container of the tests' image, as run.sh
# has it: ports published on loopback, one UDP port, another address told than its own. `stop` and
# `start` are for the suite itself.
set -eu

cd "$(dirname "$0")/../.."
export DOCKER_HOST="${DUOTAB_TEST_DOCKER:?is set by run.sh}"
name=duotab-conformance
udp=52100

case ${1:-} in
    stop) exec /usr/bin/docker kill "$name" ;;
    start) exec /usr/bin/docker start "$name" ;;
esac

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
folder=$(mktemp -d)
leave() {
    /usr/bin/docker rm --force --volumes "$name" >/dev/null 2>&1 || true
    rm -rf "$folder"
}
logs() { /usr/bin/docker exec "$name" sh -c 'tail /var/log/neko/*' >&2; }
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The password is for the server alone: it stands in its file.
cat >"$folder/neko.yaml" <<END_OF_FILE
{
  "legacy": false,
  "session": { "implicit_hosting": true, "merciful_reconnect": true, "cookie": { "enabled": false } },
  "member": { "provider": "object", "object": { "users": [ {
    "username": "duotab", "password": "$password",
    "profile": { "name": "duotab", "is_admin": true, "can_login": true, "can_connect": true,
      "can_watch": true, "can_host": true, "can_access_clipboard": true }
  } ] } },
  "desktop": { "screen": "1280x720@30", "input": { "enabled": false } },
  "webrtc": { "icelite": true, "udpmux": $udp, "nat1to1": [ "127.0.0.1" ] }
}
END_OF_FILE
# Something that moves, so that there are frames. supervisord has a use of its own for percents.
page='data:text/html,<body style=background:teal><div id=d style=position:absolute;width:60px;height:60px;background:gold></div><script>let n=0;(function f(){n=(n+4)%%25600;d.style.left=n+"px";requestAnimationFrame(f)})()</script>'
sed "s|^  --start-maximized|  --kiosk '$page'|; s|  --bwsi||" tests/engine/image/chromium.conf \
    >"$folder/chromium.conf"

/usr/bin/docker pull --quiet "$DUOTAB_TEST_IMAGE" >/dev/null
/usr/bin/docker create --name "$name" --hostname duotab --shm-size 256m \
    --publish 127.0.0.1:8080:8080 --publish "127.0.0.1:$udp:$udp/udp" "$DUOTAB_TEST_IMAGE" >/dev/null
/usr/bin/docker cp "$folder/neko.yaml" "$name:/etc/neko/neko.yaml"
/usr/bin/docker cp "$folder/chromium.conf" "$name:/etc/neko/supervisord/chromium.conf"
/usr/bin/docker start "$name" >/dev/null
tries=0
until curl --silent --fail --max-time 2 http://127.0.0.1:8080/health >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { logs; exit 1; }
    sleep 0.1
done
export NEKO_URL=http://127.0.0.1:8080 NEKO_USER=duotab NEKO_PASSWORD="$password"
export NEKO_RESTART="$PWD/tests/engine/conformance.sh"
cargo test --offline --locked --workspace --test conformance -- --test-threads=1 "$@" || {
    failed=$?
    logs
    exit "$failed"
}
