//! Signatures by the installation: Ed25519, from a seed that never leaves the root key store's family of keys.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::secret::Secret;

/// Bytes of a public key.
const PUBLIC_BYTES: usize = 32;
/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 64;

/// Signs; shows only its public half.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    pub(super) fn of(seed: &Secret) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose());
        SigningKey(pair.expect("every seed of 32 bytes is a key"))
    }

    /// What signatures are checked with. No secret.
    pub fn public(&self) -> [u8; PUBLIC_BYTES] {
        self.0.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes")
    }

    /// The signature over these bytes. The same bytes give the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::of(&Secret::take(&mut [byte; 32]).expect("32 bytes"))
    }

    #[test]
    fn a_signature_is_checked_with_the_public_half_alone() {
        let key = key(1);
        let public = UnparsedPublicKey::new(&ED25519, key.public());
        assert!(public.verify(b"said", &key.sign(b"said")).is_ok());
        assert!(public.verify(b"sad", &key.sign(b"said")).is_err());
    }

    #[test]
    fn another_secret_is_another_key_and_the_same_secret_the_same() {
        assert_eq!(key(1).public(), key(1).public());
        assert_ne!(key(1).public(), key(2).public());
    }
}
