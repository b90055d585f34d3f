//! Traces by which an advocate and a friend may be one person. They are compared as keyed hashes; what is hashed is spelled
//! here, so that two ways of writing one thing meet.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Letters of one part of an address that count: nobody's street is longer.
const ADDRESS_PART_MAX: usize = 128;

/// A kind of trace. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The same mailbox, whatever dots and tags were put into its name.
    EmailRoot,
    /// The same street address.
    Address,
    Device,
    /// The same means of payment, as the shop's payment provider marks it.
    Payment,
    /// Neighbouring internet addresses.
    IpRange,
    /// One advocate brings more friends than the merchant finds credible.
    Velocity,
}

impl Signal {
    pub const ALL: [Signal; 6] =
        [Signal::EmailRoot, Signal::Address, Signal::Device, Signal::Payment, Signal::IpRange, Signal::Velocity];

    pub const fn as_str(self) -> &'static str {
        match self {
            Signal::EmailRoot => "email_root",
            Signal::Address => "address",
            Signal::Device => "device",
            Signal::Payment => "payment",
            Signal::IpRange => "ip_range",
            Signal::Velocity => "velocity",
        }
    }
}

/// One side's traces: keyed hashes under the merchant's key. In events only under that side's own key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalHashes {
    pub hashes: Vec<(Signal, [u8; 32])>,
}

/// The mailbox behind an address: without case, without what follows a `+`, without dots in the name. Most providers
/// deliver all of these to one person; where one does not, a merchant's policy decides. `None` if it is no address.
pub fn email_root(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    let (name, domain) = email.rsplit_once('@')?;
    let name: String = name.split('+').next().unwrap_or_default().chars().filter(|letter| *letter != '.').collect();
    let domain = if domain == "googlemail.com" { "gmail.com" } else { domain };
    (!name.is_empty() && domain.contains('.')).then(|| format!("{name}@{domain}"))
}

/// The network an internet address is in: 24 bits of version 4, 48 of version 6. `None` for text that is none, and for
/// addresses that everybody has at home.
pub fn ip_range(text: &str) -> Option<String> {
    match text.trim().parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(ip) if ip.is_private() || ip.is_loopback() || ip.is_unspecified() || ip.is_link_local() => None,
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(ip) if ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() => None,
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

/// An address as letters and digits only: street, postal code and country. `None` without a street or a postal code.
pub fn address_line(street: &str, postal_code: &str, country: &str) -> Option<String> {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).take(ADDRESS_PART_MAX).collect()
    };
    let (street, postal_code) = (plain(street), plain(postal_code));
    (!street.is_empty() && !postal_code.is_empty()).then(|| format!("{street}|{postal_code}|{}", plain(country)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_is_one_however_it_is_written() {
        for alias in ["Ada.Lovelace@Gmail.com", "adalovelace+shop@gmail.com", " a.d.a.lovelace@googlemail.com "] {
            assert_eq!(email_root(alias).as_deref(), Some("adalovelace@gmail.com"), "{alias}");
        }
        for none in ["", "ada", "@example.com", "+tag@example.com", "ada@localhost"] {
            assert_eq!(email_root(none), None, "{none}");
        }
    }

    #[test]
    fn neighbours_share_a_network_and_homes_do_not() {
        assert_eq!(ip_range("203.0.113.7"), ip_range("203.0.113.250"));
        assert_ne!(ip_range("203.0.113.7"), ip_range("203.0.114.7"));
        assert_eq!(ip_range("2001:db8:1:2::3"), ip_range("2001:db8:1:ffff::"));
        assert_eq!(ip_range("::ffff:203.0.113.7"), ip_range("203.0.113.9"));
        for nobodys in ["192.168.1.4", "127.0.0.1", "::1", "fd00::1", "not an address"] {
            assert_eq!(ip_range(nobodys), None, "{nobodys}");
        }
    }

    #[test]
    fn an_address_is_one_however_it_is_typed() {
        let typed = address_line("Hauptstr. 5", "10 115", "de");
        assert_eq!(typed, address_line("hauptstr 5", "10115", "DE"));
        assert_ne!(typed, address_line("Hauptstr. 6", "10115", "DE"));
        assert_eq!(address_line("", "10115", "DE"), None);
    }
}
