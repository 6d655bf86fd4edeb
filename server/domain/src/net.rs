//! Which addresses a name that a customer gave may lead to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to a host of the public internet: not to this machine, not to its network, and to
/// nothing that only looks like neither (IANA special-purpose registries, RFC 6890; ranges of OWASP's SSRF list).
/// IPv4 in whatever clothes of IPv6 counts as that IPv4.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 31, 196)
            | (192, 52, 193)
            | (192, 88, 99)
            | (192, 168, _)
            | (192, 175, 48)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Global unicast is `2000::/3`; of that, documentation, benchmarks, identifiers that are no addresses, and tunnels that
/// end who knows where are nobody's host.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let global = s[0] & 0xe000 == 0x2000;
    let protocols = s[0] == 0x2001 && s[1] < 0x0200;
    let documentation = (s[0] == 0x2001 && s[1] == 0x0db8) || (s[0] == 0x3fff && s[1] < 0x1000);
    global && !protocols && !documentation && s[0] != 0x2002 && s[..3] != [0x2620, 0x4f, 0x8000]
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, or behind a translator (RFC 4291, section
/// 2.5.5; RFC 6052; RFC 8215).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let last = || Ipv4Addr::from((u32::from(s[6]) << 16) | u32::from(s[7]));
    match s {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            Some(last())
        }
        // Whose network it leads into is not known.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::UNSPECIFIED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn hosts_of_the_internet_are_public() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2001:200::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(of(public), "{public}");
        }
    }

    #[test]
    fn what_is_no_host_of_the_internet_is_not() {
        for inner in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:0:127.0.0.1",
            "::ffff:a9fe:a9fe",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!of(inner), "{inner}");
        }
    }

    proptest! {
        #[test]
        fn the_clothes_of_an_ipv4_address_do_not_matter(bits: u32) {
            let four = Ipv4Addr::from(bits);
            let plain = is_public(IpAddr::V4(four));
            prop_assert_eq!(is_public(IpAddr::V6(four.to_ipv6_mapped())), plain);
            let translated: Ipv6Addr = format!("64:ff9b::{four}").parse().unwrap();
            prop_assert_eq!(is_public(IpAddr::V6(translated)), plain);
        }

        #[test]
        fn what_the_standard_library_calls_inner_is_not_public(bits: u128) {
            let four = Ipv4Addr::from(u32::try_from(bits & 0xffff_ffff).unwrap());
            if four.is_private() || four.is_loopback() || four.is_link_local() || four.is_multicast()
                || four.is_broadcast() || four.is_documentation() || four.is_unspecified() {
                prop_assert!(!is_public(IpAddr::V4(four)));
            }
            let six = Ipv6Addr::from(bits);
            if six.is_multicast() || six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local() {
                prop_assert!(!is_public(IpAddr::V6(six)));
            }
        }
    }
}
