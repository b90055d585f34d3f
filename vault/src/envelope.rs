//! The shape of everything encrypted here, and the one place where AES-256-GCM is called.
//!
//! ```text
//! version 1 │ key id 16 │ nonce 12 │ ciphertext … │ tag 16
//! ```
//!
//! The first 17 bytes say which key opens the rest. Associated data is version ‖ merchant ‖ key id ‖ field tag:
//! a value moved to another person, merchant or field does not open. Nonces are random; one key seals far fewer
//! than the 2³² values for which that is safe.

use aggregates::id::MerchantId;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::secret::{Secret, fill_random};

/// Stands first in every sealed value; a new layout or cipher gets the next number.
const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;
const TAG_BYTES: usize = 16;

/// Bytes a sealed value is longer than its plain one.
pub const SEAL_OVERHEAD: usize = HEADER_BYTES + TAG_BYTES;

/// Why a sealed value stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not something this vault has sealed: too short, or of a version this code does not know.
    #[error("not a sealed value of a known version")]
    Malformed,
    /// Sealed under another key; ask for that one.
    #[error("sealed under key {key}")]
    OtherKey { key: Uuid },
    /// The key does not open it: other merchant, other field, or changed bytes.
    #[error("the key does not open this value: it belongs elsewhere or was changed")]
    Closed,
    /// Opened, but the plain bytes are not the type asked for.
    #[error("the opened value is not of the type asked for")]
    OtherType,
}

/// What a ciphertext is bound to.
#[derive(Clone, Copy)]
pub(crate) struct Binding<'a> {
    pub merchant: MerchantId,
    pub key_id: Uuid,
    pub tag: &'a str,
}

impl Binding<'_> {
    /// The variable part stands last, so that no two bindings give the same bytes.
    fn associated_data(&self) -> Vec<u8> {
        [&[VERSION][..], self.merchant.0.as_bytes(), self.key_id.as_bytes(), self.tag.as_bytes()].concat()
    }
}

/// A buffer with room for the header, ready to take `plain_bytes` of plain text behind it without moving:
/// growing would leave copies of the plain text in freed memory.
pub(crate) fn buffer_for(plain_bytes: usize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(SEAL_OVERHEAD + plain_bytes);
    buffer.resize(HEADER_BYTES, 0);
    buffer
}

/// Encrypts what stands behind the header in a buffer of [`buffer_for`], in place.
pub(crate) fn close(secret: &Secret, binding: Binding<'_>, mut buffer: Vec<u8>) -> Box<[u8]> {
    let mut nonce = [0; NONCE_LEN];
    fill_random(&mut nonce);
    buffer[0] = VERSION;
    buffer[1..=KEY_ID_BYTES].copy_from_slice(binding.key_id.as_bytes());
    buffer[1 + KEY_ID_BYTES..HEADER_BYTES].copy_from_slice(&nonce);
    let tag = cipher(secret)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(binding.associated_data()),
            &mut buffer[HEADER_BYTES..],
        )
        .expect("AES-GCM refuses only values of 64 GiB and more");
    buffer.extend_from_slice(tag.as_ref());
    buffer.into_boxed_slice()
}

/// Encrypts a copy of `plain`.
pub(crate) fn seal(secret: &Secret, binding: Binding<'_>, plain: &[u8]) -> Box<[u8]> {
    let mut buffer = buffer_for(plain.len());
    buffer.extend_from_slice(plain);
    close(secret, binding, buffer)
}

/// The plain bytes, wiped when dropped.
pub(crate) fn open(secret: &Secret, binding: Binding<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key = key_id(sealed)?;
    if key != binding.key_id {
        return Err(SealError::OtherKey { key });
    }
    let (header, body) = sealed.split_at(HEADER_BYTES);
    let nonce = Nonce::try_assume_unique_for_key(&header[1 + KEY_ID_BYTES..]).map_err(|_| SealError::Malformed)?;
    let mut plain = Zeroizing::new(body.to_vec());
    let length = cipher(secret)
        .open_in_place(nonce, Aad::from(binding.associated_data()), &mut plain)
        .map_err(|_| SealError::Closed)?
        .len();
    plain.truncate(length);
    Ok(plain)
}

/// Which key closed this value.
pub(crate) fn key_id(sealed: &[u8]) -> Result<Uuid, SealError> {
    if sealed.len() < SEAL_OVERHEAD || sealed[0] != VERSION {
        return Err(SealError::Malformed);
    }
    Uuid::from_slice(&sealed[1..=KEY_ID_BYTES]).map_err(|_| SealError::Malformed)
}

fn cipher(secret: &Secret) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret.expose()).expect("a secret has the length of an AES-256 key"))
}
