use super::*;
use NetworkFault::{
    ExitInterfaceMalformed, ExitInterfaceMissing, ExitKind as OtherKind, ExitLogin, ExitMalformed,
    ExitMissing, ExitPortMissing, NamesMalformed, NamesMissing, NamesWithoutExit,
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
        (ExitKind::Http, "me:pw@proxy.example:3128", Err(ExitLogin)),
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
