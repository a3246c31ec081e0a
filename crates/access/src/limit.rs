//! How often somebody may try to sign in: a few times at once, then now and then. Names, addresses and both together are counted each.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// So many names and addresses are known; beyond that those are forgotten that may try again anyway.
const MOST_KNOWN: usize = 10_000;

/// So many at once, and another one after each such time.
type Limit = (u32, Duration);
/// One name from one address: who guesses a password.
const OF_BOTH: Limit = (8, Duration::from_secs(30));
/// One address: who guesses names. A whole clinic may come from one.
const OF_ADDRESS: Limit = (60, Duration::from_secs(5));
/// One name from anywhere: who guesses from many addresses. It keeps nobody out for long.
const OF_NAME: Limit = (100, Duration::from_secs(10));

fn quota((at_once, then_every): Limit) -> Quota {
    let at_once = NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN);
    // No time at all would be no limit: then one an hour.
    Quota::with_period(then_every).unwrap_or(Quota::per_hour(NonZeroU32::MIN)).allow_burst(at_once)
}

/// Everybody's tries. They are counted in memory: whoever can restart the program needs no password.
pub(crate) struct Tries {
    both: DefaultKeyedRateLimiter<(String, Option<IpAddr>)>,
    address: DefaultKeyedRateLimiter<Option<IpAddr>>,
    name: DefaultKeyedRateLimiter<String>,
    /// Who goes to a provider: a page elsewhere can send a browser there, and must not keep its neighbours from signing in here.
    away: DefaultKeyedRateLimiter<Option<IpAddr>>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            both: RateLimiter::keyed(quota(OF_BOTH)),
            address: RateLimiter::keyed(quota(OF_ADDRESS)),
            name: RateLimiter::keyed(quota(OF_NAME)),
            away: RateLimiter::keyed(quota(OF_ADDRESS)),
        }
    }
}

impl Tries {
    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub fn another(&self, name: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        self.from(address)?;
        let (now, address) = (DefaultClock::default().now(), address.map(network));
        // A name is as long as a request may make it, and what is kept of it need not be.
        let name: String = peony_store::account_name(name).chars().take(64).collect();
        self.both.check_key(&(name.clone(), address)).map_err(|until| until.wait_time_from(now))?;
        self.name.check_key(&name).map_err(|until| until.wait_time_from(now))
    }

    /// Counts a try of which no name is known.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub fn from(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        for known in [self.both.len(), self.address.len(), self.name.len()] {
            if known > MOST_KNOWN {
                self.both.retain_recent();
                self.address.retain_recent();
                self.name.retain_recent();
            }
        }
        let now = DefaultClock::default().now();
        self.address.check_key(&address.map(network)).map_err(|until| until.wait_time_from(now))
    }

    /// Counts somebody who goes to a provider.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub fn away(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        if self.away.len() > MOST_KNOWN {
            self.away.retain_recent();
        }
        let now = DefaultClock::default().now();
        self.away.check_key(&address.map(network)).map_err(|until| until.wait_time_from(now))
    }
}

/// Whoever has one address of IPv6 has the 2⁶⁴ beside it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_counts_as_one_address_and_going_away_costs_no_try() {
        let tries = Tries::default();
        let six = |last: u16| Some(IpAddr::from([0x2001, 0xDB8, 0, 1, 0, 0, 0, last]));
        let passed = (0..100).filter(|last| tries.away(six(*last)).is_ok()).count();
        assert!((55..=65).contains(&passed), "{passed}");
        let names = (0..100).filter(|last| tries.another(&format!("name{last}"), six(*last)).is_ok()).count();
        assert!((55..=65).contains(&names), "{names}");
        assert!(tries.away(Some(IpAddr::from([0x2001, 0xDB8, 0, 2, 0, 0, 0, 1]))).is_ok());
    }

    #[test]
    fn a_name_and_an_address_have_a_few_tries_and_others_theirs() {
        let tries = Tries::default();
        let [here, there] = [1, 2].map(|last| Some(IpAddr::from([10, 0, 0, last])));
        let another = |name: &str, address| tries.another(name, address).is_ok();
        assert!((0..8).all(|_| another("li", here)));
        assert!(!another("li", here) && !another(" LI ", here), "however it is written");
        assert!(another("li", there), "its owner sits elsewhere");
        assert!(another("wang", here));
        let wait = tries.another("li", here).unwrap_err();
        assert!(wait <= Duration::from_secs(30) && wait > Duration::from_secs(20), "{wait:?}");
        let names = (0..100).filter(|number| another(&format!("name{number}"), here)).count();
        assert!((45..=55).contains(&names), "an address has 60: {names}");
    }
}
