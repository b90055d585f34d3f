//! Signatures of the installation, for what others are to check without any of its secrets.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::secret::Secret;

pub(crate) const SIGNATURE_BYTES: usize = 64;

/// An Ed25519 key for one use, derived from the installation's own: it comes back with the root key store, and never
/// changes as long as that one lives.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    pub(crate) fn new(secret: &Secret) -> Self {
        SigningKey(Ed25519KeyPair::from_seed_unchecked(secret.expose()).expect("a secret has the length of a seed"))
    }

    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(self.0.sign(message).as_ref());
        signature
    }

    /// Whether this key made the signature.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public()).verify(message, signature).is_ok()
    }

    /// What others check signatures with.
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        public
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
