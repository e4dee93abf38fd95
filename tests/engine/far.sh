# shellcheck shell=sh
# A second engine as on another machine, in a network of its own behind one cable; sourced by the
# scripts beside it. It takes no question but by TLS, with certificates made here and now, and by SSH.
# Its images are a copy of those that were built; only where that copy cannot be had are they pulled.

: "${place:?}" "${store:=$PWD/target/engine}"
far=$place/far
far_here=10.210.0.1
far_there=10.210.0.2
far_here6=fd00:210::1
far_there6=fd00:210::2
far_cable=far0

# A command where the worker is.
there() {
    nsenter --net="/proc/$(cat "$far/keeper")/ns/net" --mount="/proc/$(cat "$far/keeper")/ns/mnt" \
        --uts="/proc/$(cat "$far/keeper")/ns/uts" "$@"
}

# The place itself: namespaces that a process keeps, a cable, an address on each end, no way on.
make_far() {
    unshare --net --mount --uts sleep infinity </dev/null >/dev/null 2>&1 &
    echo $! >"$far/keeper"
    own=$(readlink /proc/self/ns/net)
    await 'the worker' sh -c "[ \"\$(readlink /proc/$!/ns/net)\" != '$own' ]"
    there hostname worker
    ip link add "$far_cable" type veth peer name eth0 netns "$(cat "$far/keeper")"
    plug_far
    there ip link set lo up
    there ip address add "$far_there/24" dev eth0
    there ip link set eth0 up
    # Where the kernel has IPv6.
    if there ip -6 address add "$far_there6/64" dev eth0 nodad 2>/dev/null; then
        : >"$far/six"
    fi
}

plug_far() {
    ip address replace "$far_here/24" dev "$far_cable"
    ip link set "$far_cable" up
    ip -6 address replace "$far_here6/64" dev "$far_cable" nodad 2>/dev/null || true
}

# An authority, and what it vouches for: the worker by its addresses, and a person.
make_certificates() {
    mkdir -p "$far/server" "$far/client" "$far/stranger"
    new_key() {
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
            -keyout "$1/key.pem" -out "$1/$2.csr" 2>/dev/null
    }
    vouch() {
        printf '%s\n' "$3" >"$1/extensions"
        openssl x509 -req -in "$1/$2.csr" -days 2 -CA "$far/ca.pem" -CAkey "$far/ca.key" \
            -CAcreateserial -extfile "$1/extensions" -out "$1/cert.pem" 2>/dev/null
    }
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=tests' \
        -keyout "$far/ca.key" -out "$far/ca.pem" 2>/dev/null
    new_key "$far/server" server worker
    vouch "$far/server" server \
        "subjectAltName=IP:$far_there,IP:$far_there6,IP:127.0.0.1,DNS:worker"
    new_key "$far/client" client person
    vouch "$far/client" client 'extendedKeyUsage=clientAuth'
    # Somebody whom the worker does not know.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=stranger' \
        -keyout "$far/stranger/key.pem" -out "$far/stranger/cert.pem" 2>/dev/null
    for who in server client stranger; do cp "$far/ca.pem" "$far/$who/ca.pem"; done
}

start_far_engine() {
    [ -e "$far/six" ] && everywhere='[::]' || everywhere=0.0.0.0
    rm -rf "$far/docker.pid" "$far/docker.sock" "$far"/exec/containerd/*.pid \
        "$far"/exec/containerd/*.sock*
    echo '{}' >"$far/docker.json"
    there setsid dockerd --config-file "$far/docker.json" --data-root "$far/disk/docker" \
        --exec-root "$far/exec" --pidfile "$far/docker.pid" --host "unix://$far/docker.sock" \
        --host "tcp://$everywhere:2376" --tlsverify --tlscacert "$far/ca.pem" \
        --tlscert "$far/server/cert.pem" --tlskey "$far/server/key.pem" \
        --label gpu=none --label place=attic --bip 10.211.0.1/24 --mtu 1400 --shutdown-timeout 5 \
        --cgroup-parent "/$(basename "$place")-far" >>"$place/far.log" 2>&1 </dev/null &
    await "the worker's engine" /usr/bin/docker --host "unix://$far/docker.sock" version
}

# By the name that the image has here, from the same folder.
pull_there() {
    there docker-registry serve "$place/registry-5000.yml" >>"$place/registry.log" 2>&1 </dev/null &
    pulled=$!
    await 'the image there' /usr/bin/docker --host "unix://$far/docker.sock" \
        pull --quiet 127.0.0.1:5000/duotab/neko:1
    kill "$pulled"
}

stop_far_engine() {
    pid=$(cat "$far/docker.pid" 2>/dev/null) || return 0
    kill "${1:--TERM}" "$pid" 2>/dev/null || return 0
    tries=0
    while [ -d "/proc/$pid" ] && [ "$tries" -lt 150 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

# SSH there, and what a person has for it here: a folder of their own in place of root's, with a
# name for the worker, a key that it takes, and its host key.
start_sshd() {
    mkdir -p /root/.ssh /run/sshd "$far/ssh"
    mount -t tmpfs -o mode=700 none /root/.ssh
    mount -t tmpfs -o mode=755 none /run/sshd
    for name in host other person stranger; do
        ssh-keygen -q -t ed25519 -N '' -C '' -f "$far/ssh/$name"
    done
    cp "$far/ssh/person.pub" "$far/ssh/authorized"
    chmod 600 "$far/ssh/authorized"
    cat >"$far/ssh/sshd.conf" <<CONF
Port 22
HostKey $far/ssh/host
AuthorizedKeysFile $far/ssh/authorized
PasswordAuthentication no
UsePAM no
StrictModes no
PidFile $far/ssh/sshd.pid
Subsystem sftp internal-sftp
SetEnv DOCKER_HOST=unix://$far/docker.sock
CONF
    there /usr/sbin/sshd -D -E "$place/sshd.log" -f "$far/ssh/sshd.conf" </dev/null >/dev/null 2>&1 &
    key=$(cat "$far/ssh/host.pub")
    # What leads nowhere: a name that is not known, one whose key has changed, a key that is not taken.
    cat >/root/.ssh/config <<CONF
Host worker unknown changed stranger
    HostName $far_there
    User root
    IdentitiesOnly yes
Host worker unknown changed
    IdentityFile $far/ssh/person
Host stranger
    IdentityFile $far/ssh/stranger
Host worker stranger
    HostKeyAlias known
Host unknown
    HostKeyAlias nobody
Host changed
    HostKeyAlias former
CONF
    printf 'known %s\nformer %s\n' "$key" "$(cat "$far/ssh/other.pub")" >/root/.ssh/known_hosts
    await 'SSH' ssh -o BatchMode=yes worker true
}

start_worker() {
    mkdir -p "$far/disk"
    cp --sparse=always "$store/store.img" "$far/disk.img"
    mount -o loop,discard "$far/disk.img" "$far/disk" 2>>"$place/disk.log" || : >"$far/empty"
    make_certificates
    make_far
    start_far_engine
    [ ! -e "$far/empty" ] || pull_there
    start_sshd
    export DUOTAB_TEST_WORKER="$PWD/tests/engine/worker.sh"
    export DUOTAB_TEST_WORKER_ADDRESS="$far_there"
    [ ! -e "$far/six" ] || export DUOTAB_TEST_WORKER_ADDRESS6="$far_there6"
    export DUOTAB_TEST_WORKER_GATEWAY="$far_here"
    export DUOTAB_TEST_WORKER_FOLDER="$far"
}

stop_worker() {
    [ -e "$far/keeper" ] || return 0
    stop_far_engine
    kill "$(cat "$far/ssh/sshd.pid" 2>/dev/null)" "$(cat "$far/keeper")" 2>/dev/null || true
    umount --lazy "$far/disk" 2>/dev/null || true
}
