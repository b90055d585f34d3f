//! Thirty-two secret bytes. They leave memory with their owner, never show up in `Debug`, and beget keys
//! for separate uses, so that no key is ever used for two things.

use aws_lc_rs::{hmac, rand};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of every key here: AES-256 and HMAC-SHA256 alike.
pub(crate) const SECRET_BYTES: usize = 32;

/// A key of 256 bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret([u8; SECRET_BYTES]);

impl Secret {
    pub(crate) fn random() -> Self {
        let mut secret = Secret([0; SECRET_BYTES]);
        fill_random(&mut secret.0);
        secret
    }

    /// Takes the bytes over and wipes where they came from. `None` for any other length.
    pub(crate) fn take(source: &mut [u8]) -> Option<Self> {
        let secret = <[u8; SECRET_BYTES]>::try_from(&*source).ok().map(Secret);
        source.zeroize();
        secret
    }

    pub(crate) fn expose(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The key for one use. Uses are told apart by name; knowing one derived key tells nothing of the others.
    pub(crate) fn derive(&self, usage: &str) -> Secret {
        Secret(self.mac(&[b"loyalnest vault 1 ", usage.as_bytes()]))
    }

    /// The key that needs both secrets: losing either one loses it.
    pub(crate) fn derive_with(&self, other: &Secret, usage: &str) -> Secret {
        Secret(self.mac(&[b"loyalnest vault 1 ", usage.as_bytes(), b"\0", &other.0]))
    }

    /// HMAC-SHA256 of the parts, one after the other. Callers keep the borders between parts unambiguous.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in parts {
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Unpredictable bytes from the operating system's generator.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    rand::fill(bytes).expect("the generator is seeded at start and cannot run dry");
}

/// The name of a new key. Keys are born here, with their names; no decision depends on either.
pub(crate) fn random_id() -> Uuid {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
