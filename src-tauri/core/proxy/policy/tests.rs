use super::*;
use proptest::prelude::*;

mod bypasses;

fn target(host: &str, port: u16) -> Target {
    Target::new(host, port).expect("a host")
}

fn ip(text: &str) -> Peer {
    Peer::unseen(text.parse().expect("an address"))
}

/// Spellings by which loopback, the home network and credentials of clouds were reached through
/// other programs' filters: the lists of `PayloadsAllTheThings` and `HackTricks`.
const BYPASSES: [&str; 58] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "127.127.127.127",
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "2130706433",
    "3232235521",
    "3232235777",
    "2852039166",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "00000177.0.0.01",
    "0x7f.0.0.1",
    "0x7f000001",
    "0x7F.1",
    "0xA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "0251.254.0xa9.254",
    "169.254.169.254",
    "169.254.169.254.",
    "169.254.43518",
    "169.16689662",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "10.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1",
    "192.168.0.1",
    "100.64.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127｡0｡0｡1",
    "１２７.０.０.１",
    "①⑥⑨。②⑤④。⑯⑨｡②⑤④",
    "%31%32%37.0.0.1",
    "[::]",
    "[::1]",
    "[0000::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[0:0:0:0:0:ffff:169.254.169.254]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::c0a8:1]",
    "[2002:7f00:1::]",
    "[2002:c0a8:0101::1]",
    "[fd00:ec2::254]",
    "[fe80::5efe:127.0.0.1]",
];

#[test]
fn no_spelling_of_a_private_address_is_reached_by_a_page() {
    let policy = Policy::default();
    for spelling in BYPASSES {
        let Some(target) = Target::new(spelling, 80) else {
            // No host at all: nothing to reach.
            continue;
        };
        assert_eq!(
            policy.way(&target, None, None),
            Err(Failure::PrivateAddress),
            "{spelling} is {target}"
        );
    }
}

#[test]
fn names_of_this_machine_are_reached_by_nobody_who_was_not_asked_for() {
    let policy = Policy::default();
    for name in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "ｌocalhost",
    ] {
        let way = policy.way(&target(name, 80), None, None);
        assert_eq!(way, Err(Failure::PrivateAddress), "{name}");
    }
    // Not this machine, but a name like any other.
    for name in [
        "notlocalhost.com",
        "localhost.example.com",
        "127.0.0.1.nip.io",
    ] {
        let way = policy
            .way(&target(name, 80), None, None)
            .expect("to be looked up");
        assert_eq!(way, Way::Name(name.to_owned(), Reach::World));
    }
}

#[test]
fn what_the_person_typed_is_reached_on_that_port_only() {
    let mut policy = Policy::default();
    for typed in [
        "http://localhost:3000/",
        "http://192.168.1.1/",
        "http://[::1]:8080/x",
    ] {
        policy.permit(Target::of_url(typed).expect("a target"));
    }
    for (host, port) in [
        ("localhost", 3000),
        ("192.168.1.1", 80),
        ("3232235777", 80),
        ("[::1]", 8080),
    ] {
        assert!(
            policy.way(&target(host, port), None, None).is_ok(),
            "{host}:{port}"
        );
    }
    for (host, port) in [
        ("localhost", 3001),
        ("127.0.0.1", 3000),
        ("192.168.1.2", 80),
    ] {
        let way = policy.way(&target(host, port), None, None);
        assert_eq!(way, Err(Failure::PrivateAddress), "{host}:{port}");
    }
}

#[test]
fn a_page_that_was_typed_uses_the_other_ports_of_its_host() {
    let mut policy = Policy::default();
    let page = target("localhost", 3000);
    let api = target("localhost", 8080);
    assert!(
        policy.way(&api, Some(&page), None).is_err(),
        "before it is typed"
    );
    policy.permit(page.clone());
    assert!(policy.way(&api, Some(&page), None).is_ok());
    let router = target("192.168.1.1", 80);
    assert!(
        policy.way(&router, Some(&page), None).is_err(),
        "another host"
    );
    let stranger = target("example.org", 80);
    assert!(
        policy.way(&api, Some(&stranger), None).is_err(),
        "another page"
    );
}

#[test]
fn a_redirect_leads_on_within_the_host_that_was_typed() {
    let mut policy = Policy::default();
    let typed = target("192.168.1.1", 80);
    let (secure, other) = (target("192.168.1.1", 443), target("192.168.1.2", 443));
    policy.follow(&typed, &secure);
    assert!(!policy.is_permitted(&secure), "before it is typed");
    policy.permit(typed.clone());
    policy.follow(&typed, &secure);
    policy.follow(&typed, &other);
    assert!(policy.is_permitted(&secure));
    assert!(!policy.is_permitted(&other));
}

#[test]
fn a_port_of_the_app_is_reached_by_nobody() {
    let mut policy = Policy::default();
    policy.keep_port(4711);
    for host in [
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127.9.9.9",
    ] {
        let own = target(host, 4711);
        policy.permit(own.clone());
        assert_eq!(
            policy.way(&own, Some(&own), None),
            Err(Failure::OwnPort),
            "{host}"
        );
    }
    let listed = policy.admit_listed(&target("app.test", 4711), None, [ip("127.0.0.1")]);
    assert_eq!(listed, Err(Failure::OwnPort));
    let elsewhere = target("192.168.1.1", 4711);
    policy.permit(elsewhere.clone());
    assert!(
        policy.way(&elsewhere, None, None).is_ok(),
        "another machine's port"
    );
}

#[test]
fn a_public_name_that_points_home_is_refused_even_if_typed() {
    let mut policy = Policy::default();
    let rebound = target("rebind.example", 80);
    policy.permit(rebound.clone());
    assert_eq!(
        policy.way(&rebound, None, None),
        Ok(Way::Name("rebind.example".to_owned(), Reach::World))
    );
    for address in [
        "127.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
    ] {
        let admitted = policy.admit(&rebound, Reach::World, [ip(address)]);
        assert_eq!(admitted, Err(Failure::PrivateName), "{address}");
    }
    let mixed = policy.admit(
        &rebound,
        Reach::World,
        [ip("10.0.0.1"), ip("93.184.216.34")],
    );
    assert_eq!(mixed, Ok(vec![ip("93.184.216.34")]));
    assert_eq!(
        policy.admit(&rebound, Reach::World, []),
        Err(Failure::NameUnknown)
    );
}

#[test]
fn home_names_point_home_but_not_to_this_machine() {
    let policy = Policy::default().with_home_names(["Corp.Example.".to_owned()]);
    for name in [
        "printer.local",
        "nas.lan",
        "fritz.box",
        "router",
        "wiki.corp.example",
    ] {
        let host = target(name, 80);
        let way = policy.way(&host, None, None).expect("to be looked up");
        assert_eq!(way, Way::Name(name.to_owned(), Reach::Home));
        assert!(
            policy
                .admit(&host, Reach::Home, [ip("192.168.1.9")])
                .is_ok()
        );
        for address in ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1"] {
            let admitted = policy.admit(&host, Reach::Home, [ip(address)]);
            assert_eq!(admitted, Err(Failure::PrivateName), "{name} {address}");
        }
    }
    for name in [
        "notlocal",
        "xlan.com",
        "evilfritz.box.com",
        "corp.example.org",
    ] {
        let way = policy
            .way(&target(name, 80), None, None)
            .expect("to be looked up");
        let home = Way::Name(name.to_owned(), Reach::Home);
        assert_eq!(way == home, !name.contains('.'), "{name}");
    }
}

#[test]
fn a_name_of_the_hosts_file_is_as_good_as_its_address() {
    let mut policy = Policy::default();
    let app = target("app.test", 3000);
    let here = [ip("127.0.0.1")];
    let listed = policy.admit_listed(&app, None, here);
    assert_eq!(listed, Err(Failure::PrivateAddress), "before it is typed");
    policy.permit(app.clone());
    assert_eq!(policy.admit_listed(&app, None, here), Ok(here.to_vec()));
    let blocked = target("ads.example", 80);
    let listed = policy.admit_listed(&blocked, None, [ip("0.0.0.0")]);
    assert_eq!(
        listed,
        Err(Failure::PrivateAddress),
        "a list of blocked names"
    );
}

#[test]
fn permits_do_not_grow_without_end() {
    let mut policy = Policy::default();
    for port in 1..=3000 {
        policy.permit(target("localhost", port));
    }
    assert_eq!(policy.permits.len(), PERMIT_CAP);
    assert!(policy.is_permitted(&target("localhost", 3000)));
    assert!(!policy.is_permitted(&target("localhost", 1)));
}

#[test]
fn this_machines_public_address_is_this_machine() {
    let mut policy = Policy::default();
    policy.keep_port(4711);
    let address: IpAddr = "2600:1::5".parse().expect("an address");
    let (here, beside) = (Some(address), "2600:1::9".parse().ok());
    let (service, own) = (target("[2600:1::5]", 3000), target("[2600:1::5]", 4711));
    let refused = Err(Failure::PrivateAddress);
    assert_eq!(policy.way(&service, None, here), refused);
    assert_eq!(policy.way(&service, None, beside), refused);
    assert!(policy.way(&service, None, None).is_ok(), "somebody else's");
    for typed in [&service, &own] {
        policy.permit(typed.clone());
    }
    assert!(policy.way(&service, None, here).is_ok());
    assert_eq!(policy.way(&own, None, here), Err(Failure::OwnPort));
    assert!(policy.way(&own, None, beside).is_ok(), "a neighbour's port");

    let seen = |from| [Peer { address, from }];
    let name = target("rebind.example", 80);
    for from in [here, beside] {
        let admitted = policy.admit(&name, Reach::World, seen(from));
        assert_eq!(admitted, Err(Failure::PrivateName));
        let listed = policy.admit_listed(&name, None, seen(from));
        assert_eq!(listed, Err(Failure::PrivateAddress));
    }
    assert!(policy.admit(&name, Reach::Home, seen(here)).is_err());
    assert!(policy.admit(&name, Reach::Home, seen(beside)).is_ok());
    assert!(policy.admit(&name, Reach::World, seen(None)).is_ok());
}

proptest! {
    #[test]
    fn no_page_reaches_an_address_that_is_not_public(bits: u128, v4: bool, port in 1_u16..) {
        let address = if v4 {
            IpAddr::V4(Ipv4Addr::from(u32::try_from(bits >> 96).unwrap_or_default()))
        } else {
            IpAddr::V6(Ipv6Addr::from(bits))
        };
        let host = match address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        let policy = Policy::default();
        let reached = policy.way(&target(&host, port), None, None);
        prop_assert_eq!(reached.is_ok(), crate::proxy::space(address) == Space::Public);
        let name = target("name.example", port);
        let admitted = policy.admit(&name, Reach::World, [Peer::unseen(address)]);
        prop_assert_eq!(admitted.is_ok(), crate::proxy::space(address) == Space::Public);
    }
}
