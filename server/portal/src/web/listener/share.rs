//! How many connections each client address may have, so that none takes them all.

use ipnet::IpNet;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// The connections that are open, by client address.
#[derive(Clone)]
pub(super) struct Shares {
    most: usize,
    /// They speak for many.
    proxies: Arc<[IpNet]>,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One open connection; dropped with it.
pub(super) struct Share {
    shares: Shares,
    /// None for a proxy, whose connections are not counted.
    counted: Option<IpAddr>,
}

impl Shares {
    pub(super) fn new(most: usize, proxies: &[IpNet]) -> Self {
        Self { most, proxies: proxies.into(), open: Arc::default() }
    }

    /// One more of this address; none if it has as many as it may.
    pub(super) fn take(&self, address: IpAddr) -> Option<Share> {
        let address = address.to_canonical();
        if self.proxies.iter().any(|range| range.contains(&address)) {
            return Some(Share { shares: self.clone(), counted: None });
        }
        let counted = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(counted).or_default();
        if *own >= self.most {
            return None;
        }
        *own += 1;
        Some(Share { shares: self.clone(), counted: Some(counted) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(counted) = self.counted else { return };
        let mut open = self.shares.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&counted) {
            *own -= 1;
            if *own == 0 {
                open.remove(&counted);
            }
        }
    }
}

/// IPv6 counts by its /64, which is one customer's.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(shares: &Shares, address: &str) -> Option<Share> {
        shares.take(address.parse().unwrap())
    }

    #[test]
    fn each_address_has_its_share_and_gets_it_back() {
        let shares = Shares::new(2, &[]);
        let first = take(&shares, "203.0.113.9").unwrap();
        let _second = take(&shares, "::ffff:203.0.113.9").unwrap();
        assert!(take(&shares, "203.0.113.9").is_none());
        let other = take(&shares, "203.0.113.10");
        assert!(other.is_some());
        drop(first);
        assert!(take(&shares, "203.0.113.9").is_some());
        drop(other);
        assert_eq!(shares.open.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_and_a_proxy_is_none() {
        let shares = Shares::new(1, &["127.0.0.1/32".parse().unwrap()]);
        let _first = take(&shares, "2001:db8::1").unwrap();
        assert!(take(&shares, "2001:db8::ffff:1").is_none());
        assert!(take(&shares, "2001:db8:0:1::1").is_some());
        let proxied: Vec<_> = (0..9).map(|_| take(&shares, "127.0.0.1")).collect();
        assert!(proxied.iter().all(Option::is_some));
    }
}
