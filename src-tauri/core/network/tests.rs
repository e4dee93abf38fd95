use super::*;
use NetworkFault::{
    ExitInterfaceMalformed, ExitInterfaceMissing, ExitKind as OtherKind, ExitLoginMalformed,
    ExitLoginUser, ExitMalformed, ExitMissing, ExitPortMissing, NamesMalformed, NamesMissing,
    NamesWithoutExit,
};
use proptest::prelude::*;

fn exit(kind: ExitKind, at: &str) -> Result<String, NetworkFault> {
    let form = NetworkForm {
        exit: kind,
        exit_at: at.to_owned(),
        ..NetworkForm::default()
    };
    Network::try_from(form).map(|network| network.form().exit_at)
}

fn names(kind: NamesKind, at: &str) -> Result<String, NetworkFault> {
    let form = NetworkForm {
        names: kind,
        names_at: at.to_owned(),
        ..NetworkForm::default()
    };
    Network::try_from(form).map(|network| network.form().names_at)
}

#[test]
fn a_proxy_is_a_host_and_a_port() {
    for (kind, at, read) in [
        (
            ExitKind::Http,
            " proxy.example:3128 ",
            Ok("proxy.example:3128"),
        ),
        (
            ExitKind::Http,
            "http://proxy.example:3128/",
            Ok("proxy.example:3128"),
        ),
        (
            ExitKind::Socks5,
            "SOCKS5://127.0.0.1:1080",
            Ok("127.0.0.1:1080"),
        ),
        (ExitKind::Socks5, "[::1]:1080", Ok("[::1]:1080")),
        (ExitKind::Socks5, "::1", Err(ExitPortMissing)),
        (ExitKind::Http, "proxy.example", Err(ExitPortMissing)),
        (ExitKind::Http, "  ", Err(ExitMissing)),
        (
            ExitKind::Http,
            "http://me:pw@proxy.example:3128",
            Ok("proxy.example:3128"),
        ),
        (
            ExitKind::Http,
            "socks5://proxy.example:1080",
            Err(OtherKind),
        ),
        (
            ExitKind::Socks5,
            "http://proxy.example:1080",
            Err(OtherKind),
        ),
        (ExitKind::Http, "proxy.example:0", Err(ExitMalformed)),
        (ExitKind::Http, "proxy.example:65536", Err(ExitMalformed)),
        (
            ExitKind::Http,
            "proxy.example:3128/path",
            Err(ExitMalformed),
        ),
        (ExitKind::Http, "a proxy:3128", Err(ExitMalformed)),
        (ExitKind::Interface, " wg0 ", Ok("wg0")),
        (ExitKind::Interface, "wg-home.2", Ok("wg-home.2")),
        (ExitKind::Interface, " ", Err(ExitInterfaceMissing)),
        (ExitKind::Interface, "..", Err(ExitInterfaceMalformed)),
        (ExitKind::Interface, "wg/0", Err(ExitInterfaceMalformed)),
        (ExitKind::Interface, "wg 0", Err(ExitInterfaceMalformed)),
        (
            ExitKind::Interface,
            "a-name-of-16-by-",
            Err(ExitInterfaceMalformed),
        ),
        // What is not used is not read, and not kept.
        (ExitKind::Direct, "nonsense", Ok("")),
    ] {
        assert_eq!(exit(kind, at), read.map(str::to_owned), "{kind:?} {at}");
    }
}

/// The user and the password that are read from a form.
fn login(at: &str, user: &str, password: Option<&str>) -> Result<(String, String), NetworkFault> {
    let form = NetworkForm {
        exit: ExitKind::Socks5,
        exit_at: at.to_owned(),
        exit_user: user.to_owned(),
        exit_password: password.map(Secret::new),
        ..NetworkForm::default()
    };
    let network = Network::try_from(form)?;
    let login = network.exit.login().cloned();
    Ok(login.map_or_else(Default::default, |it| {
        (it.user, it.password.expose().to_owned())
    }))
}

#[test]
fn a_proxy_may_be_told_who_comes() {
    let at = "127.0.0.1:1080";
    let long = "x".repeat(256);
    let read = |user: &str, password: &str| Ok((user.to_owned(), password.to_owned()));
    assert_eq!(login(at, "", None), read("", ""));
    assert_eq!(login(at, " me ", Some(" p:w ")), read("me", " p:w "));
    assert_eq!(login(at, "token", None), read("token", ""));
    assert_eq!(login(at, " ", Some("pw")), Err(ExitLoginUser));
    assert_eq!(login(at, "m:e", Some("pw")), Err(ExitLoginMalformed));
    assert_eq!(login(at, "m\ne", None), Err(ExitLoginMalformed));
    assert_eq!(login(at, &long, None), Err(ExitLoginMalformed));
    assert_eq!(login(at, "me", Some(&long)), Err(ExitLoginMalformed));
    // As those who sell proxies write it.
    for at in [
        "me:p%40w@127.0.0.1:1080",
        "socks5://me:p%40w@127.0.0.1:1080",
        "me:p@w@127.0.0.1:1080",
    ] {
        assert_eq!(login(at, "other", Some("old")), read("me", "p@w"));
    }
    assert_eq!(login("me@127.0.0.1:1080", "", Some("pw")), read("me", "pw"));
    assert_eq!(login("@127.0.0.1:1080", "me", Some("pw")), read("me", "pw"));
}

#[test]
fn a_password_is_saved_and_shown_to_nobody() {
    let form = NetworkForm {
        exit: ExitKind::Http,
        exit_at: "proxy.example:3128".into(),
        exit_user: "me".into(),
        exit_password: Some(Secret::new("hush")),
        ..NetworkForm::default()
    };
    let network = Network::try_from(form.clone()).unwrap();
    let saved = serde_json::to_string(&network).unwrap();
    assert_eq!(serde_json::from_str::<Network>(&saved).unwrap(), network);
    let shown = network.form();
    assert_eq!(
        (shown.exit_user.as_str(), &shown.exit_password),
        ("me", &None)
    );
    for told in [
        format!("{form:?}"),
        format!("{network:?}"),
        format!("{shown:?}"),
    ] {
        assert!(!told.contains("hush"), "{told}");
    }
}

#[test]
fn a_name_server_is_a_host_and_what_is_usual_need_not_be_said() {
    let https = NamesKind::Https;
    let tls = NamesKind::Tls;
    for (kind, at, read) in [
        (https, "dns.example", Ok("https://dns.example/dns-query")),
        (https, "9.9.9.9", Ok("https://9.9.9.9/dns-query")),
        (
            https,
            "dns.example:8443",
            Ok("https://dns.example:8443/dns-query"),
        ),
        (
            https,
            "https://dns.example/",
            Ok("https://dns.example/dns-query"),
        ),
        (
            https,
            "https://dns.example/q{?dns}",
            Ok("https://dns.example/q"),
        ),
        (https, "dns.example/other", Ok("https://dns.example/other")),
        (
            https,
            "https://[2620:fe::fe]/q",
            Ok("https://[2620:fe::fe]/q"),
        ),
        (https, "http://dns.example/dns-query", Err(NamesMalformed)),
        (https, "https://me:pw@dns.example/", Err(NamesMalformed)),
        (https, "", Err(NamesMissing)),
        (tls, "dns.example", Ok("dns.example")),
        (tls, "tls://dns.example:853", Ok("dns.example")),
        (tls, "dns.example:8853", Ok("dns.example:8853")),
        (tls, "2620:fe::fe", Ok("2620:fe::fe")),
        (tls, "dns example", Err(NamesMalformed)),
        (tls, " ", Err(NamesMissing)),
        (NamesKind::Exit, "", Err(NamesWithoutExit)),
        (NamesKind::System, "nonsense", Ok("")),
    ] {
        assert_eq!(names(kind, at), read.map(str::to_owned), "{kind:?} {at}");
    }
}

#[test]
fn what_leads_nowhere_is_not_the_straight_way() {
    assert_ne!(Network::nowhere().exit, Exit::Direct);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_what_is_read_is_read_again(at in "\\PC{0,30}", https: bool) {
        for kind in [ExitKind::Http, ExitKind::Socks5] {
            if let Ok(read) = exit(kind, &at) {
                prop_assert_eq!(exit(kind, &read), Ok(read));
            }
        }
        let kind = if https { NamesKind::Https } else { NamesKind::Tls };
        if let Ok(read) = names(kind, &at) {
            prop_assert_eq!(names(kind, &read), Ok(read));
        }
    }
}
