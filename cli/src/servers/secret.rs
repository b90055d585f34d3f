//! Passwords of local servers: every user of a machine can reach its loopback ports.

use std::fmt;

use aws_lc_rs::rand;

/// 128 random bits in hexadecimal: safe to put into URLs, configuration files and SQL literals as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    const BYTES: usize = 16;

    pub fn random() -> Secret {
        let mut bytes = [0; Self::BYTES];
        rand::fill(&mut bytes).expect("the operating system's random source does not fail once it has been seeded");
        Secret(hex::encode(bytes))
    }

    /// What an earlier run has written; `None` when it is not of the expected form.
    pub(super) fn parse(text: &str) -> Option<Secret> {
        let is_ours = text.len() == 2 * Self::BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours.then(|| Secret(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
