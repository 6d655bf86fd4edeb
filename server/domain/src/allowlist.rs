//! Who may connect from where.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// A range of addresses in its normal form: no host bits, IPv4 where it is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AllowedRange(IpNet);

/// Why one line is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not an address at all.
    #[error(
        "{0} is not an address. Use an address such as 203.0.113.30 or 2001:db8::1, or a range such as 203.0.113.0/24."
    )]
    Form(String),
    /// The length of the prefix is not one.
    #[error("The prefix length of {0} is not valid. Use a number up to {1} after the /.")]
    Prefix(String, u8),
    /// Bits are set behind the prefix: it is unclear what was meant.
    #[error(
        "{typed} is an address within a range. Use {range} for the whole range, or {one} for the one address."
    )]
    HostBits {
        /// What was typed.
        typed: String,
        /// The range around it.
        range: String,
        /// The address itself.
        one: String,
    },
    /// A range of everything needs its own tick.
    #[error(
        "{0} lets every address on the internet try to sign in. Select “Allow all IP addresses” if you want that."
    )]
    Everything(String),
}

impl AllowedRange {
    /// Parses one address or range, IPv4 or IPv6.
    pub fn parse(input: &str) -> Result<Self, RangeError> {
        let typed = input.trim_matches([' ', '\t']);
        let shown = || typed.chars().take(60).filter(|c| !crate::text::is_hidden(*c)).collect::<String>();
        let form = || RangeError::Form(shown());
        let Some((address, length)) = typed.split_once('/') else {
            return Ok(Self::single(typed.parse().map_err(|_| form())?));
        };
        let address: IpAddr = address.parse().map_err(|_| form())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = (1..=3).contains(&length.len()) && length.bytes().all(|b| b.is_ascii_digit());
        let length = length
            .parse()
            .ok()
            .filter(|n| digits && *n <= most)
            .ok_or_else(|| RangeError::Prefix(shown(), most))?;
        let net = normal(IpNet::new(address, length).map_err(|_| RangeError::Prefix(shown(), most))?);
        if net.prefix_len() == 0 {
            return Err(RangeError::Everything(shown()));
        }
        if net.trunc() != net {
            return Err(RangeError::HostBits {
                typed: shown(),
                range: net.trunc().to_string(),
                one: net.addr().to_string(),
            });
        }
        Ok(Self(net))
    }

    /// The range of one address.
    pub fn single(address: IpAddr) -> Self {
        Self(normal(IpNet::from(address)))
    }

    /// Whether the address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// The range with its length, as `pg_hba.conf` and the `cidr` type write it.
    pub fn net(&self) -> IpNet {
        self.0
    }

    /// A range read back from the control database.
    pub fn stored(net: IpNet) -> Self {
        Self(net.trunc())
    }
}

/// `::ffff:203.0.113.7` is `203.0.113.7`: PostgreSQL sees the latter.
fn normal(net: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    match net {
        IpNet::V6(v6) if v6.prefix_len() >= MAPPED => match v6.addr().to_ipv4_mapped() {
            Some(v4) => IpNet::new(v4.into(), v6.prefix_len() - MAPPED).unwrap_or(net),
            None => net,
        },
        _ => net,
    }
}

impl fmt::Display for AllowedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

impl From<AllowedRange> for String {
    fn from(range: AllowedRange) -> String {
        range.to_string()
    }
}

impl TryFrom<String> for AllowedRange {
    type Error = RangeError;
    fn try_from(text: String) -> Result<Self, RangeError> {
        Self::parse(&text)
    }
}

/// From where a tenant can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// From any address, over TLS and with a password. Only by the customer's own tick.
    Anywhere,
    /// From these ranges only; sorted, each once.
    Only(Vec<AllowedRange>),
}

/// Why a list is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    /// Nothing typed and no tick.
    #[error("Enter at least one IP address, or select “Allow all IP addresses”.")]
    Empty,
    /// More lines than a tenant may have.
    #[error("{0} addresses are too many. Use {most} at most; a range counts as one.", most = Reach::MOST)]
    TooMany(usize),
    /// A line that is wrong.
    #[error("Line {line}: {error}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        error: RangeError,
    },
}

impl Reach {
    /// The most ranges of a tenant: a server's `pg_hba.conf` stays fast up to some thousand lines in all.
    pub const MOST: usize = 50;

    /// Parses one address or range a line; empty lines do not count.
    pub fn parse(lines: &str, anywhere: bool) -> Result<Self, ReachError> {
        let mut ranges = Vec::new();
        // Only real line ends part lines: whatever else looks like one stays in the line and is refused there.
        for (at, line) in lines.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.trim_matches([' ', '\t']).is_empty() {
                continue;
            }
            match AllowedRange::parse(line) {
                Ok(range) => ranges.push(range),
                Err(RangeError::Everything(_)) if anywhere => {}
                Err(error) => return Err(ReachError::Line { line: at + 1, error }),
            }
        }
        ranges.sort_unstable();
        ranges.dedup();
        match ranges.len() {
            _ if anywhere => Ok(Self::Anywhere),
            0 => Err(ReachError::Empty),
            count if count > Self::MOST => Err(ReachError::TooMany(count)),
            _ => Ok(Self::Only(ranges)),
        }
    }

    /// Whether a connection from this address is let in to sign in.
    pub fn admits(&self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Only(ranges) => ranges.iter().any(|range| range.contains(address)),
        }
    }

    /// The ranges, none where every address is let in.
    pub fn ranges(&self) -> &[AllowedRange] {
        match self {
            Self::Anywhere => &[],
            Self::Only(ranges) => ranges,
        }
    }
}

/// The address of a requester as it should stand in an allowlist: a mapped IPv4 address as IPv4.
pub fn own_range(address: IpAddr) -> AllowedRange {
    AllowedRange::single(match address {
        IpAddr::V6(v6) if v6 == Ipv6Addr::LOCALHOST => IpAddr::V6(v6),
        other => other.to_canonical(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_and_ranges_are_shown_in_their_normal_form() {
        let show = |s: &str| AllowedRange::parse(s).map(|r| r.to_string());
        assert_eq!(show(" 203.0.113.30 ").as_deref(), Ok("203.0.113.30"));
        assert_eq!(show("203.0.113.0/24").as_deref(), Ok("203.0.113.0/24"));
        assert_eq!(show("2001:DB8:0:0::1").as_deref(), Ok("2001:db8::1"));
        assert_eq!(show("2001:db8::/32").as_deref(), Ok("2001:db8::/32"));
        assert_eq!(show("::ffff:203.0.113.7").as_deref(), Ok("203.0.113.7"));
        assert_eq!(show("::ffff:203.0.113.0/120").as_deref(), Ok("203.0.113.0/24"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let refuse = |s: &str| AllowedRange::parse(s).unwrap_err();
        for bad in [
            "",
            "acme.example",
            "203.0.113.300",
            "203.0.113",
            "010.0.0.1",
            "1.2.3.4 5.6.7.8",
            "+acme",
            "samehost",
            "all",
            "1.2.3.4\\",
            "fe80::1%eth0",
            "203.0.113.0/24/8",
            "0x7f.1",
            "1.2.3.4\u{202e}",
            "\"1.2.3.4\"",
        ] {
            assert!(matches!(refuse(bad), RangeError::Form(_) | RangeError::Prefix(..)), "{bad}");
        }
        for bad in
            ["1.2.3.4/33", "1.2.3.4/99", "::1/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/0024"]
        {
            assert!(matches!(refuse(bad), RangeError::Prefix(..)), "{bad}");
        }
        assert!(refuse("203.0.113.5/24").to_string().contains("203.0.113.0/24"));
        for bad in ["0.0.0.0/0", "::/0", "1.2.3.4/0", "::ffff:0.0.0.0/96"] {
            assert!(matches!(refuse(bad), RangeError::Everything(_)), "{bad}");
        }
    }

    #[test]
    fn a_list_says_which_line_is_wrong() {
        let parse = |s: &str| Reach::parse(s, false);
        assert_eq!(parse("203.0.113.2\r\n\r\n203.0.113.1\n203.0.113.2").unwrap().ranges().len(), 2);
        assert_eq!(parse("\n \n"), Err(ReachError::Empty));
        assert!(matches!(parse("203.0.113.1\nnope"), Err(ReachError::Line { line: 2, .. })));
        let many = (0..51).map(|n| format!("203.0.113.{n}\n")).collect::<String>();
        assert_eq!(parse(&many), Err(ReachError::TooMany(51)));
        assert_eq!(Reach::parse("", true), Ok(Reach::Anywhere));
        assert_eq!(Reach::parse("0.0.0.0/0", true), Ok(Reach::Anywhere));
        assert!(Reach::parse("nope", true).is_err());
    }

    proptest! {
        #[test]
        fn what_passes_is_canonical(s in "[0-9a-f:./]{1,24}") {
            if let Ok(range) = AllowedRange::parse(&s) {
                prop_assert_eq!(range.net().trunc(), range.net());
                prop_assert!(range.net().prefix_len() > 0);
                prop_assert_eq!(AllowedRange::parse(&range.to_string()), Ok(range));
            }
        }
    }
}
