//! An e-mail address that somebody states, in the one spelling that is compared and kept.

/// Bytes of an address: what the mail protocol can carry.
const BYTES_MAX: usize = 254;

/// Something before an `@`, something with a dot behind it, and nothing that would end it; in lower case. Personal: it exists
/// in memory, and sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// Text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address")]
pub struct NotAnAddress;

impl EmailAddress {
    /// # Errors
    /// [`NotAnAddress`]
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
        let ends_it = |letter: char| letter.is_whitespace() || letter.is_control() || ",;<>".contains(letter);
        let is_one = text.len() <= BYTES_MAX
            && !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text.contains(ends_it);
        is_one.then(|| EmailAddress(text.to_lowercase())).ok_or(NotAnAddress)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never the address itself: it would end up in a log.
impl std::fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_writing_the_same_address_meet() {
        let spelled = |text| EmailAddress::parse(text).map(|address| address.as_str().to_owned());
        assert_eq!(spelled(" Ada@Example.COM "), Ok("ada@example.com".to_owned()));
        assert_eq!(format!("{:?}", EmailAddress::parse("ada@example.com")), "Ok(EmailAddress(…))");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in ["", "ada", "@example.com", "ada@example", "ada@.com", "ada@com.", "a b@c.de", "a@b.c,d@e.f", &long]
        {
            assert_eq!(EmailAddress::parse(text), Err(NotAnAddress), "{text}");
        }
    }
}
