//! For whom a parcel is closed. Keys are X25519 in PEM, as `openssl genpkey -algorithm X25519` writes them: the private one in
//! PKCS #8, the public one as RFC 5280 has it. Both are of one fixed length, so what stands before the 32 bytes is a constant.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::crypto::{
    aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256 as SUITE,
    hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey},
};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// DER of a public key, up to its 32 bytes.
const PUBLIC_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00];
/// DER of a private key, up to its 32 bytes.
const PRIVATE_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];
const PUBLIC: &str = "PUBLIC KEY";
const PRIVATE: &str = "PRIVATE KEY";
/// What a parcel is for, so that nothing closed for another purpose passes for one.
const PURPOSE: &[u8] = b"loyalnest keys 1";

/// Text that is no key of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an X25519 {0} in PEM, as `openssl genpkey -algorithm X25519` and `openssl pkey -pubout` write them")]
pub struct NotAKey(&'static str);

/// The public half: whoever has the other one opens what is closed under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient([u8; KEY_BYTES]);

impl Recipient {
    /// # Errors
    /// [`NotAKey`]
    pub fn parse(pem: &str) -> Result<Self, NotAKey> {
        let der = der_of(pem, PUBLIC)?;
        let key = der.strip_prefix(&PUBLIC_HEAD[..]).and_then(|key| <[u8; KEY_BYTES]>::try_from(key).ok());
        key.map(Recipient).ok_or(NotAKey(PUBLIC))
    }

    pub fn to_pem(&self) -> String {
        pem_of(&[&PUBLIC_HEAD[..], &self.0].concat(), PUBLIC)
    }

    /// SHA-256 of the DER in hex digits, as tools show it: names the key in the log.
    pub fn fingerprint(&self) -> String {
        hex::encode(digest(&SHA256, &[&PUBLIC_HEAD[..], &self.0].concat()))
    }

    /// The encapsulated key, then the ciphertext. Bound to `about`, which has to be said again to open it.
    pub(super) fn close(&self, about: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let key = HpkePublicKey(self.0.to_vec());
        let (EncapsulatedSecret(encapsulated), sealed) = SUITE.seal(PURPOSE, about, plain, &key).ok()?;
        Some([encapsulated, sealed].concat())
    }
}

/// The private half. Wiped when dropped.
pub struct RecipientSecret(Zeroizing<[u8; KEY_BYTES]>);

impl RecipientSecret {
    /// A new pair; `None` if no randomness was to be had.
    pub fn generate() -> Option<(Recipient, Self)> {
        let (HpkePublicKey(public), private) = SUITE.generate_key_pair().ok()?;
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        if private.secret_bytes().len() != KEY_BYTES {
            return None;
        }
        secret.copy_from_slice(private.secret_bytes());
        Some((Recipient(public.try_into().ok()?), RecipientSecret(secret)))
    }

    /// # Errors
    /// [`NotAKey`]
    pub fn parse(pem: &str) -> Result<Self, NotAKey> {
        let der = der_of(pem, PRIVATE)?;
        let key = der.strip_prefix(&PRIVATE_HEAD[..]).filter(|key| key.len() == KEY_BYTES);
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        secret.copy_from_slice(key.ok_or(NotAKey(PRIVATE))?);
        Ok(RecipientSecret(secret))
    }

    pub fn to_pem(&self) -> Zeroizing<String> {
        let der = Zeroizing::new([&PRIVATE_HEAD[..], &*self.0].concat());
        Zeroizing::new(pem_of(&der, PRIVATE))
    }

    /// What was closed for this key about just this; `None` for anything else.
    pub(super) fn open(&self, about: &[u8], closed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (encapsulated, sealed) = closed.split_at_checked(KEY_BYTES)?;
        let (encapsulated, key) = (EncapsulatedSecret(encapsulated.to_vec()), HpkePrivateKey::from(self.0.to_vec()));
        SUITE.open(&encapsulated, PURPOSE, about, sealed, &key).ok().map(Zeroizing::new)
    }
}

impl std::fmt::Debug for RecipientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecipientSecret(…)")
    }
}

/// The one block of this kind in the text.
fn der_of(pem: &str, label: &'static str) -> Result<Zeroizing<Vec<u8>>, NotAKey> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let body = pem.split_once(begin.as_str()).and_then(|(_, rest)| rest.split_once(end.as_str()));
    let (body, _) = body.ok_or(NotAKey(label))?;
    let letters = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(letters.as_bytes()).map(Zeroizing::new).map_err(|_| NotAKey(label))
}

fn pem_of(der: &[u8], label: &str) -> String {
    // Never more than one line of 64 letters: 48 bytes at most.
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pair that `openssl genpkey -algorithm X25519` and `openssl pkey -pubout` wrote; it guards nothing.
    const ALICE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIPgJXVN4XQ2eCCxc1VF+vkd5mcUlpuQ/rcjcHEfNCGBF\n-----END PRIVATE KEY-----\n";
    const ALICES: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAfDhXUA0yG9Pom2eEQz6A35tH154Lp5Ia6rBtIlwohTw=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn keys_are_those_of_everybodys_tools_and_read_back() {
        let (public, secret) = (Recipient::parse(ALICES).unwrap(), RecipientSecret::parse(ALICE).unwrap());
        assert_eq!((public.to_pem().as_str(), secret.to_pem().as_str()), (ALICES, ALICE));
        let closed = public.close(b"about", b"to alice").unwrap();
        assert_eq!(secret.open(b"about", &closed).unwrap().as_slice(), b"to alice");
        for (pem, label) in [(ALICE, PUBLIC), ("", PUBLIC), (&ALICES.replace("MCow", "MCox"), PUBLIC)] {
            assert_eq!(Recipient::parse(pem), Err(NotAKey(label)));
        }
        assert!(RecipientSecret::parse(ALICES).is_err());
    }

    #[test]
    fn what_is_closed_opens_for_its_recipient_about_its_matter_unchanged_and_not_else() {
        let (public, secret) = RecipientSecret::generate().unwrap();
        let (_, another) = RecipientSecret::generate().unwrap();
        let closed = public.close(b"parcel 1", b"keys").unwrap();
        assert!(!closed.windows(4).any(|bytes| bytes == b"keys"));
        assert_eq!(secret.open(b"parcel 1", &closed).unwrap().as_slice(), b"keys");
        assert!(another.open(b"parcel 1", &closed).is_none());
        assert!(secret.open(b"parcel 2", &closed).is_none());
        for byte in [0, KEY_BYTES, closed.len() - 1] {
            let mut changed = closed.clone();
            changed[byte] ^= 1;
            assert!(secret.open(b"parcel 1", &changed).is_none(), "byte {byte}");
        }
        assert!(secret.open(b"parcel 1", &closed[..KEY_BYTES - 1]).is_none());
    }
}
