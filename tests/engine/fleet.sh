# shellcheck shell=sh
# A Swarm of three engines as on three other machines, each in a network of its own behind a cable to
# one switch; sourced by the scripts beside it. The first one manages it, and takes questions by TLS
# with the certificates of far.sh. They differ in memory, cores and labels. Each has the images that
# were built.

: "${place:?}" "${store:=$PWD/target/engine}"
fleet=$place/fleet
fleet_here=10.212.0.1
fleet_switch=fleet0

# A command where node $1 is.
on_node() {
    spaces=/proc/$(cat "$fleet/$1/keeper")/ns
    shift
    nsenter --net="$spaces/net" --mount="$spaces/mnt" --uts="$spaces/uts" "$@"
}

node_address() { echo "10.212.0.1$1"; }
node_docker() {
    socket_of_node=unix://$fleet/$1/docker.sock
    shift
    /usr/bin/docker --host "$socket_of_node" "$@"
}

# Number, MiB of memory.
make_node() {
    at=$fleet/$1
    mkdir -p "$at/disk" "$at/exec"
    cp --sparse=always "$store/store.img" "$at/disk.img"
    mount -o loop,discard "$at/disk.img" "$at/disk" 2>>"$place/disk.log" || : >"$at/empty"
    unshare --net --mount --uts sleep infinity </dev/null >/dev/null 2>&1 &
    echo $! >"$at/keeper"
    own=$(readlink /proc/self/ns/net)
    await "node $1" sh -c "[ \"\$(readlink /proc/$!/ns/net)\" != '$own' ]"
    on_node "$1" hostname "node$1"
    ip link add "fleet$1" type veth peer name eth0 netns "$(cat "$at/keeper")"
    ip link set "fleet$1" master "$fleet_switch" up
    on_node "$1" ip link set lo up
    on_node "$1" ip address add "$(node_address "$1")/24" dev eth0
    on_node "$1" ip link set eth0 up
    sed "s/^MemTotal:.*/MemTotal: $(($2 * 1024)) kB/" /proc/meminfo >"$at/meminfo"
    on_node "$1" mount --bind "$at/meminfo" /proc/meminfo
    # For its engine's socket at the usual place, and its own keeper of containers.
    on_node "$1" mount -t tmpfs none /run
}

start_node() {
    at=$fleet/$1
    rm -rf "$at/docker.pid" "$at/docker.sock" "$at"/exec/containerd/*.pid \
        "$at"/exec/containerd/*.sock*
    case $1 in
        1) more="--host tcp://0.0.0.0:2376 --tlsverify --tlscacert $far/ca.pem \
            --tlscert $fleet/server/cert.pem --tlskey $fleet/server/key.pem --label place=hall" ;;
        2) more='--label place=shed --label gpu=rtx' ;;
        *) more='--label place=loft' ;;
    esac
    # One of them has a core less.
    [ "$1" = 3 ] && cores='taskset -c 0' || cores=
    echo '{}' >"$at/docker.json"
    # shellcheck disable=SC2086 # words
    on_node "$1" setsid $cores dockerd --config-file "$at/docker.json" \
        --data-root "$at/disk/docker" --exec-root "$at/exec" --pidfile "$at/docker.pid" \
        --host "unix://$at/docker.sock" --host unix:///run/docker.sock $more --bip "10.21$(($1 + 3)).0.1/24" --mtu 1400 \
        --shutdown-timeout 5 --cgroup-parent "/$(basename "$place")-node$1" \
        >>"$place/node$1.log" 2>&1 </dev/null &
    await "the engine of node $1" node_docker "$1" version
}

# By the name that the image has here, from the same folder.
pull_on_node() {
    on_node "$1" docker-registry serve "$place/registry-5000.yml" >>"$place/registry.log" 2>&1 \
        </dev/null &
    pulled=$!
    await "the image on node $1" node_docker "$1" pull --quiet 127.0.0.1:5000/duotab/neko:1
    kill "$pulled"
}

# For some time: what a manager remembers of a node that was cut off is no more than that.
all_nodes_are_ready() {
    for _ in 1 2 3 4; do
        [ "$(node_docker 1 node ls --format '{{.Status}}' | grep -c Ready)" = 3 ] || return 1
        sleep 1
    done
}

start_fleet() {
    mkdir -p "$fleet/server"
    ip link add "$fleet_switch" type bridge
    ip address add "$fleet_here/24" dev "$fleet_switch"
    ip link set "$fleet_switch" up
    # The engine here lets nothing pass that is not its own, not even from one node to another.
    iptables --insert FORWARD --in-interface "$fleet_switch" --out-interface "$fleet_switch" \
        --jump ACCEPT
    new_key "$fleet/server" server manager
    cp "$far/ca.pem" "$fleet/server/ca.pem"
    vouch "$fleet/server" server "subjectAltName=IP:$(node_address 1),DNS:node1"
    for node in '1 4096' '2 6144' '3 3072'; do
        # shellcheck disable=SC2086 # a number and its memory
        make_node $node
        start_node "${node%% *}"
        [ ! -e "$fleet/${node%% *}/empty" ] || pull_on_node "${node%% *}"
    done
    node_docker 1 swarm init --advertise-addr "$(node_address 1)" \
        --default-addr-pool 10.230.0.0/16 >/dev/null
    token=$(node_docker 1 swarm join-token --quiet worker)
    for node in 2 3; do
        # The client waits 20 s, and the node goes on joining after that.
        node_docker "$node" swarm join --token "$token" \
            --advertise-addr "$(node_address "$node")" "$(node_address 1):2377" >/dev/null || true
    done
    await 'all nodes' all_nodes_are_ready
    node_docker 1 node update --label-add floor=second node3 >/dev/null
    export DUOTAB_TEST_FLEET="$PWD/tests/engine/nodes.sh"
    export DUOTAB_TEST_FLEET_MANAGER="$(node_address 1)"
    export DUOTAB_TEST_FLEET_GATEWAY="$fleet_here"
}

stop_node() {
    pid=$(cat "$fleet/$1/docker.pid" 2>/dev/null) || return 0
    kill "${2:--TERM}" "$pid" 2>/dev/null || return 0
    tries=0
    while [ -d "/proc/$pid" ] && [ "$tries" -lt 150 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

stop_fleet() {
    for node in 1 2 3; do
        [ -e "$fleet/$node/keeper" ] || continue
        stop_node "$node"
        kill "$(cat "$fleet/$node/keeper")" 2>/dev/null || true
        umount --lazy "$fleet/$node/disk" 2>/dev/null || true
    done
}
