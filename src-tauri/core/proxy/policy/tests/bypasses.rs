//! The guard against published ways around other programs' guards: the spellings of addresses and
//! of whole URLs that `SSRF-Testing` (cujanovic) makes for an address, as `PayloadsAllTheThings`
//! passes them on, and the names of the latter that lead to private addresses. The data here are
//! written anew, by what they do.

use super::*;

/// Where nobody may get: loopback, the home network, carriers, and what clouds keep.
const PRIVATE: [[u8; 4]; 9] = [
    [127, 0, 0, 1],
    [127, 127, 127, 127],
    [10, 0, 0, 1],
    [172, 16, 0, 1],
    [192, 168, 1, 1],
    [169, 254, 169, 254],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
];

/// A host that a naive guard would let pass.
const ALLOWED: &str = "www.example.com";

/// How a URL is made from a spelling (`A`) and the host that is allowed (`W`).
const FORMS: [&str; 22] = [
    "http://A/",
    "http://A:80/",
    "http://A:80?@W/",
    "http://A:80#@W/",
    "http://W@A:80/",
    "http://text@A:80/",
    "http://!$%^&*()<>;,.|~`@A:80/",
    "http://text@A:80@W/",
    "http://text@A:@W/",
    "http://text@A:80+@W/",
    "http://text@W@A:80/",
    "http://A:80+&@W#+@W/",
    "http://W+&@A:80#+@W/",
    "http://W+&@W#+@A:80/",
    "http://A:80:80/",
    "http://A:80\\tW/",
    "http://A:80\\@W/",
    "http://A:80%09W/",
    "http://A:80%2509W/",
    "http://A&@W#@W/",
    "http:A/",
    "http:\\\\A\\",
];

/// URLs that lead to a private address after all, and why nothing can be done about it.
const KNOWN: [(&str, &str); 0] = [];

fn enclosed(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '0' => '⓪',
            '1'..='9' => {
                char::from_u32(u32::from('①') + u32::from(sign) - u32::from('1')).unwrap_or(sign)
            }
            '.' => '。',
            other => other,
        })
        .collect()
}

fn wide(text: &str) -> String {
    text.chars()
        .map(|sign| char::from_u32(u32::from(sign) + 0xfee0).unwrap_or(sign))
        .collect()
}

/// Every spelling of an address.
fn spellings([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let whole = u32::from_be_bytes([a, b, c, d]);
    let (low, lowest) = (whole & 0x00ff_ffff, whole & 0xffff);
    let (high, rest) = (whole >> 16, lowest);
    let dotted = format!("{a}.{b}.{c}.{d}");
    let over = |part: u8| u32::from(part) + 256;
    vec![
        // Dotted and not, in the three bases and with some of each.
        dotted.clone(),
        format!("{dotted}."),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a:#X}.{b:#x}.{c:#X}.{d:#x}"),
        format!("{a:#04x}.{b:#04x}.{c:#04x}.{d:#04x}"),
        format!("{whole:#010x}"),
        format!("0x{whole:016x}"),
        whole.to_string(),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.00000{b:o}.0000{c:o}.00{d:o}"),
        format!("0{whole:o}"),
        format!("{a:#x}.{low}"),
        format!("{a:#x}.{low:#x}"),
        format!("{a}.0{low:o}"),
        format!("{a}.{b}.{lowest}"),
        format!("0{a:o}.{b:#x}.{lowest}"),
        format!("0{a:o}.0{b:o}.{c:#x}.{d}"),
        format!("{a:#x}.0{b:o}.{c}.{d:#x}"),
        // With more bits than an address has.
        format!("{}.{}.{}.{}", over(a), over(b), over(c), over(d)),
        (u64::from(whole) + (1 << 32)).to_string(),
        format!("0x9f{whole:08x}"),
        // Inside IPv6.
        format!("[::{dotted}]"),
        format!("[::ffff:{dotted}]"),
        format!("[0:0:0:0:0:ffff:{dotted}]"),
        format!("[::ffff:{high:x}:{rest:x}]"),
        format!("[0000:0000:0000:0000:0000:ffff:{dotted}]"),
        format!("[::ffff:0:{dotted}]"),
        format!("[64:ff9b::{dotted}]"),
        format!("[64:ff9b:0:0:0:0:{high:x}:{rest:x}]"),
        format!("[2002:{high:x}:{rest:x}::]"),
        format!("[::ffff:{dotted}%25eth0]"),
        // In letters that are digits after all.
        enclosed(&dotted),
        wide(&dotted),
        dotted.replace('.', "。"),
        dotted.replace('.', "｡"),
        dotted.replace('.', "%2e"),
        dotted.replace('1', "%31"),
        dotted.replace('1', "%2531"),
        enclosed(&whole.to_string()),
    ]
}

/// Where a URL leads.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Led {
    /// It is none, or none of the web's.
    Nowhere,
    /// Not to the address at all.
    Elsewhere,
    /// To the address, and it was refused.
    Refused,
    /// To the address.
    There,
}

fn lead(policy: &Policy, url: &str) -> Led {
    let Some(target) = Target::of_url(url) else {
        return Led::Nowhere;
    };
    match policy.way(&target, None, None) {
        Err(_) => Led::Refused,
        Ok(Way::Name(name, Reach::World)) if name == ALLOWED => Led::Elsewhere,
        Ok(_) => Led::There,
    }
}

#[test]
fn no_published_spelling_leads_to_a_private_address() {
    let policy = Policy::default();
    let mut counted = [0; 3];
    let mut there = Vec::new();
    for address in PRIVATE {
        for spelling in spellings(address) {
            for form in FORMS {
                let url = form.replace('A', &spelling).replace('W', ALLOWED);
                match lead(&policy, &url) {
                    Led::Nowhere => counted[0] += 1,
                    Led::Elsewhere => counted[1] += 1,
                    Led::Refused => counted[2] += 1,
                    Led::There => there.push(url),
                }
            }
        }
    }
    let known: Vec<_> = KNOWN.iter().map(|(url, _)| (*url).to_owned()).collect();
    assert_eq!(there, known, "got there, and what is known to");
    let [nowhere, elsewhere, refused] = counted;
    assert_eq!(
        (refused, elsewhere, nowhere),
        (3978, 2106, 1638),
        "refused, leading to the allowed host, leading nowhere"
    );
}

#[test]
fn no_published_name_leads_to_a_private_address() {
    let policy = Policy::default();
    for (name, address) in [
        ("localtest.me", "127.0.0.1"),
        ("localtest.me", "::1"),
        (
            "customer1.app.localhost.my.company.127.0.0.1.nip.io",
            "127.0.0.1",
        ),
        ("mail.ebc.apple.com", "127.0.0.6"),
        ("bugbounty.dod.network", "127.0.0.2"),
        ("spoofed.burpcollaborator.net", "127.0.0.1"),
        ("169.254.169.254.nip.io", "169.254.169.254"),
        (
            "make-1.2.3.4-rebind-169.254-169.254-rr.1u.ms",
            "169.254.169.254",
        ),
        ("7f000001.c0a80001.rbndr.us", "127.0.0.1"),
        ("7f000001.c0a80001.rbndr.us", "192.168.0.1"),
        ("metadata.google.internal", "169.254.169.254"),
        ("instance-data", "169.254.169.254"),
    ] {
        let target = target(name, 80);
        let Ok(Way::Name(_, reach)) = policy.way(&target, None, None) else {
            panic!("{name} is looked up");
        };
        let admitted = policy.admit(&target, reach, [ip(address)]);
        assert_eq!(admitted, Err(Failure::PrivateName), "{name} {address}");
        // Of a name with both, only the public one.
        let public = ip("93.184.216.34");
        let admitted = policy.admit(&target, reach, [ip(address), public]);
        assert_eq!(admitted, Ok(vec![public]), "{name}");
    }
}
