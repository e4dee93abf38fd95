//! The home network, closed to a browser and open to it.
//!
//! Beside the engine of the tests stands a small server. By the gateway's address it is a machine
//! of the home network, by an address of the documentation's (RFC 5737) one of the internet.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;

use duotab_core::message::SessionId;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::home::{Home, is_healthy};

const PAGE: &str = "<title>hello</title>";
const INTERNET: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

/// For a translator (NAT64, RFC 6052) this is 203.0.113.7,
const PUBLIC: &str = "64:ff9b::cb00:7107";
/// this is 10.0.0.1,
const PRIVATE: &str = "64:ff9b::a00:1";
/// and this is whatever the network's own one makes of it (RFC 8215).
const OWN: &str = "64:ff9b:1::1";

/// Answers everybody, in both families; gives its port.
async fn server() -> u16 {
    let server = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).await.unwrap();
    let port = server.local_addr().unwrap().port();
    // There already, or now.
    let address = format!("{INTERNET}/32");
    let _added = Command::new("ip")
        .args(["address", "add", &address, "dev", "lo"])
        .status();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = server.accept().await {
            let head = "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length";
            let page = format!("{head}: {}\r\n\r\n{PAGE}", PAGE.len());
            let _ = client.write_all(page.as_bytes()).await;
        }
    });
    port
}

/// Whether something in the container gets an answer from there.
fn reaches(home: &Home, address: &str, port: u16) -> bool {
    let asks = format!("curl --silent --max-time 5 http://{address}:{port}/ || echo no");
    home.run(&asks) == [PAGE]
}

/// How many rules the kernel has for the container's network: an answer of nf_tables (0xA06) for
/// each, until there are no more.
fn rules(home: &Home) -> usize {
    const COUNTS: &str = r#"
import socket, struct
link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
link.settimeout(5)
link.send(struct.pack("=IHHIIBBH", 20, 0xA07, 0x301, 1, 0, 1, 0, 0))
rules, more = 0, True
while more:
    answer = link.recv(1 << 20)
    while len(answer) >= 16:
        length, kind = struct.unpack_from("=IH", answer)
        rules, more = rules + (kind == 0xA06), more and kind not in (2, 3)
        answer = answer[max(length + 3 & ~3, 16):]
print(rules)
"#;
    let pid = ["inspect", "--format={{.State.Pid}}", &home.container()];
    let pid = home.engine.docker(&pid).concat();
    let counted = Command::new("nsenter")
        .args(["--net", "--target", &pid, "python3", "-c", COUNTS])
        .output()
        .unwrap();
    let counted = String::from_utf8(counted.stdout).unwrap();
    counted.trim().parse().unwrap()
}

/// The title of a page that the container's browser opens there.
fn title(home: &Home, address: &str, port: u16) -> String {
    let opens = format!(
        r#"python3 - <<'END'
import json, time, urllib.request as ask
pages = "http://127.0.0.1:9222/json"
new = ask.Request(pages + "/new?http://{address}:{port}/", method="PUT")
opened = json.load(ask.urlopen(new))["id"]
for _ in range(200):
    [page] = [page for page in json.load(ask.urlopen(pages)) if page["id"] == opened]
    if page["title"] in ("hello", "{address}"):
        break
    time.sleep(0.1)
print(page["title"])
END"#
    );
    home.run_beside_page(&opens).concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_kept_off_the_home_network_reaches_the_internet_alone() {
    let Some(home) = Home::new("net-closed") else {
        return;
    };
    let (port, gateway) = (server().await, home.engine.gateway.to_string());
    let mut home = home.with(|with, _| with.home_closed = true);
    let endpoint = home.start(1).await.unwrap();
    assert!(!reaches(&home, &gateway, port));
    for elsewhere in ["192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254"] {
        let asks = format!("curl --silent --max-time 5 http://{elsewhere}/; echo $?");
        // 7 is a connection that was refused, at once; 28 would be one that hangs.
        assert_eq!(home.run(&asks), ["7"], "{elsewhere}");
    }
    assert!(reaches(&home, &INTERNET.to_string(), port));
    assert!(is_healthy(&endpoint).await);
    // By the browser itself: what it cannot load is called by its host.
    assert_eq!(title(&home, &INTERNET.to_string(), port), "hello");
    assert_eq!(title(&home, &gateway, port), gateway);
    // What had closed it was no session.
    let now = home.engine.docker(&["info", "--format={{.SystemTime}}"]);
    let made = home.engine.docker(&[
        "events",
        "--since=10m",
        &format!("--until={}", now.concat()),
        "--filter=event=create",
        "--filter=label=io.duotab.install=net-closed",
        "--filter=label=io.duotab.session",
        "--format={{.Actor.Attributes.name}}",
    ]);
    assert_eq!(made.len(), 1, "{made:?}");
    let before = rules(&home);
    assert!(before > 10, "{before}");
    // It outlives a sleep and the app.
    home.docker.suspend(SessionId(1)).await.unwrap();
    home.restart();
    let endpoint = home.docker.resume(SessionId(1)).await.unwrap();
    assert!(is_healthy(&endpoint).await);
    assert!(!reaches(&home, &gateway, port));
    assert_eq!(rules(&home), before, "closed again, and no closer");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_closed_the_home_network_is_open() {
    let Some(home) = Home::new("net-open") else {
        return;
    };
    let (port, gateway) = (server().await, home.engine.gateway.to_string());
    home.start(1).await.unwrap();
    assert!(reaches(&home, &gateway, port));
    assert!(reaches(&home, &INTERNET.to_string(), port));
    translated(&home);
    for address in [PUBLIC, PRIVATE, OWN] {
        assert!(reaches(&home, &format!("[{address}]"), port), "{address}");
    }
}

/// Addresses that a translator (NAT64) takes for those of IPv4, here on the engine's own bridge.
fn translated(home: &Home) {
    let format = ["inspect", "--format", "{{.State.Pid}}"];
    let pid = home
        .engine
        .docker(&[&format[..], &[&home.container()]].concat());
    let all = [PUBLIC, PRIVATE, OWN].join(" ");
    let wires = format!(
        "set -e
         for at in {all} 2600::1; do ip -6 address replace $at/128 dev docker0 nodad; done
         ip -6 route replace 2600::2 dev docker0
         nsenter --target {} --net sh -ec '
             echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
             ip -6 address replace 2600::2/128 dev eth0 nodad
             for at in {all}; do ip -6 route replace $at dev eth0; done'",
        pid[0]
    );
    let wired = Command::new("sh").args(["-c", &wires]).status();
    assert!(wired.is_ok_and(|it| it.success()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_translator_leads_from_ipv6_to_the_internet_and_not_home() {
    let Some(home) = Home::new("net-nat64") else {
        return;
    };
    let port = server().await;
    let home = home.with(|with, _| with.home_closed = true);
    home.start(1).await.unwrap();
    translated(&home);
    assert!(reaches(&home, &format!("[{PUBLIC}]"), port));
    assert!(!reaches(&home, &format!("[{PRIVATE}]"), port));
    assert!(!reaches(&home, &format!("[{OWN}]"), port));
}
