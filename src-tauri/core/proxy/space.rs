//! Whose an IP address is: everybody's, the home network's, or this machine's.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The part of the address space that an address belongs to, by the IANA special-purpose
/// registries (RFC 6890 and its updates).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Reachable by everybody.
    Public,
    /// This machine.
    Loopback,
    /// No address; systems take it for this machine.
    Unspecified,
    /// A private network (RFC 1918, RFC 4193).
    Private,
    /// The same link (RFC 3927, RFC 4291).
    LinkLocal,
    /// Behind a carrier's NAT (RFC 6598).
    Shared,
    /// Where clouds keep a machine's credentials.
    Metadata,
    /// More than one machine.
    Multicast,
    /// Set aside: documentation, benchmarks, the future, and tunnels that hide an address.
    Reserved,
}

impl Space {
    /// Whether an address of this space can be another machine of the home network.
    #[must_use]
    pub fn is_home(self) -> bool {
        matches!(self, Self::Private | Self::LinkLocal | Self::Shared)
    }

    /// Whether a connection to an address of this space ends on this machine.
    #[must_use]
    pub fn is_here(self) -> bool {
        matches!(self, Self::Loopback | Self::Unspecified)
    }
}

/// The space of an address. One that carries an IPv4 address inside (mapped, NAT64, 6to4, ISATAP)
/// is where that one is.
#[must_use]
pub fn space(address: IpAddr) -> Space {
    match address {
        IpAddr::V4(v4) => space_v4(v4),
        IpAddr::V6(v6) => space_v6(v6),
    }
}

fn space_v4(address: Ipv4Addr) -> Space {
    match address.octets() {
        [0, ..] => Space::Unspecified,
        [127, ..] => Space::Loopback,
        // AWS, Azure, GCP and most others; AWS' DNS and tasks; Alibaba; Azure's wire server.
        [169, 254, 169, 253 | 254]
        | [169, 254, 170, 2 | 23]
        | [100, 100, 100, 200]
        | [168, 63, 129, 16] => Space::Metadata,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => Space::Private,
        [169, 254, ..] => Space::LinkLocal,
        [100, 64..=127, ..] => Space::Shared,
        [224..=239, ..] => Space::Multicast,
        [240..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Space::Reserved,
        _ => Space::Public,
    }
}

fn space_v6(address: Ipv6Addr) -> Space {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        space_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Space::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Space::Loopback,
        // Compatible (RFC 4291), mapped, translated (RFC 7915), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        // NAT64 of a network of its own (RFC 8215): what it leads to is not written in it.
        [0x64, 0xff9b, 1, ..] => Space::Private,
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23 | 0x253 | 0x254]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => Space::Metadata,
        [0xfc00..=0xfdff, ..] => Space::Private,
        // Site-local is deprecated (RFC 3879), but still routed where it was set up.
        [0xfe80..=0xfeff, ..] => Space::LinkLocal,
        [0xff00..=0xffff, ..] => Space::Multicast,
        // Teredo and the other protocol assignments, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Space::Reserved,
        // ISATAP (RFC 5214).
        [0x2000..=0x3fff, _, _, _, 0 | 0x200, 0x5efe, high, low] => v4(high, low),
        [0x2000..=0x3fff, ..] => Space::Public,
        _ => Space::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_special_range_is_known_at_both_its_ends() {
        for (first, last, expected) in [
            ("0.0.0.0", "0.255.255.255", Space::Unspecified),
            ("10.0.0.0", "10.255.255.255", Space::Private),
            ("100.64.0.0", "100.127.255.255", Space::Shared),
            ("127.0.0.0", "127.255.255.255", Space::Loopback),
            ("169.254.0.0", "169.254.255.255", Space::LinkLocal),
            ("172.16.0.0", "172.31.255.255", Space::Private),
            ("192.0.0.0", "192.0.0.255", Space::Reserved),
            ("192.0.2.0", "192.0.2.255", Space::Reserved),
            ("192.88.99.0", "192.88.99.255", Space::Reserved),
            ("192.168.0.0", "192.168.255.255", Space::Private),
            ("198.18.0.0", "198.19.255.255", Space::Reserved),
            ("224.0.0.0", "239.255.255.255", Space::Multicast),
            ("240.0.0.0", "255.255.255.255", Space::Reserved),
            ("fc00::", "fdff:ffff::", Space::Private),
            ("fe80::", "febf:ffff::", Space::LinkLocal),
            ("ff00::", "ffff:ffff::", Space::Multicast),
            ("2001::", "2001:1ff::", Space::Reserved),
            ("2001:db8::", "2001:db8:ffff::", Space::Reserved),
            ("64:ff9b:1::", "64:ff9b:1:ffff::", Space::Private),
            ("100::", "100::ffff", Space::Reserved),
            ("5f00::", "5f00::1", Space::Reserved),
        ] {
            for address in [first, last] {
                let parsed: IpAddr = address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::BROADCAST));
                assert_eq!(space(parsed), expected, "{address}");
            }
        }
    }

    #[test]
    fn the_neighbours_of_special_ranges_are_public() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "223.255.255.255",
            "2001:200::",
            "2600::",
            "2001:4860:4860::8888",
            "3ffe::1",
        ] {
            let parsed: IpAddr = address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            assert_eq!(space(parsed), Space::Public, "{address}");
        }
    }

    proptest! {
        #[test]
        fn an_address_that_wraps_another_is_where_that_one_is(bits: u32, low: u64) {
            let v4 = Ipv4Addr::from(bits);
            let [a, b, c, d] = v4.octets();
            let (high, rest) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let tail = low.to_be_bytes();
            let words: Vec<u16> =
                tail.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            for wrapped in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, rest),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, rest),
                Ipv6Addr::new(0x2002, high, rest, words[0], words[1], words[2], words[3], 1),
                Ipv6Addr::new(0x2600, 1, 2, 3, 0, 0x5efe, high, rest),
            ] {
                prop_assert_eq!(space(IpAddr::V6(wrapped)), space(IpAddr::V4(v4)), "{}", wrapped);
            }
        }

        #[test]
        fn what_the_language_calls_private_is_never_public(bits: u32, wide: u128) {
            let v4 = Ipv4Addr::from(bits);
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified()
            {
                prop_assert_ne!(space(IpAddr::V4(v4)), Space::Public);
            }
            let v6 = Ipv6Addr::from(wide);
            if v6.is_loopback() || v6.is_multicast() || v6.is_unique_local()
                || v6.is_unicast_link_local() || v6.is_unspecified()
            {
                prop_assert_ne!(space(IpAddr::V6(v6)), Space::Public);
            }
        }
    }
}
