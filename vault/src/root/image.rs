//! The bytes of the file.
//!
//! ```text
//! "LNRK" 4 │ version 1 = 1 │ root key 32 │ the wrapped keys, postcard … │ SHA-256 of all before 32
//! "LNRK" 4 │ version 1 = 2 │ length 2 │ the file's key, as the guard closed it │ all of the above, sealed … │ SHA-256 32
//! ```
//!
//! The second holds the first: a file without its guard is a closed envelope.

use std::path::Path;

use aggregates::id::MerchantId;
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Contents, RootKeyError};
use crate::{
    envelope::{self, Binding},
    secret::{SECRET_BYTES, Secret},
};

const MAGIC: [u8; 4] = *b"LNRK";
const OPEN: u8 = 1;
const GUARDED: u8 = 2;
const HEAD_BYTES: usize = MAGIC.len() + 1;
/// What the sealed image in a guarded one is bound to.
const BINDING: Binding<'_> = Binding { merchant: MerchantId(Uuid::nil()), key_id: Uuid::nil(), tag: "root key store" };

/// What a file turns out to be.
#[derive(Debug)]
pub(super) enum Image {
    Open(Contents),
    Guarded { closed_key: String, sealed: Vec<u8> },
}

/// Why bytes are not a root key store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    Damaged,
    UnknownVersion(u8),
}

impl Unreadable {
    pub(super) fn at(self, path: &Path) -> RootKeyError {
        let path = path.to_owned();
        match self {
            Unreadable::Damaged => RootKeyError::Damaged { path },
            Unreadable::UnknownVersion(version) => RootKeyError::UnknownVersion { path, version },
        }
    }
}

pub(super) fn encode(contents: &Contents) -> Zeroizing<Vec<u8>> {
    let wrapped = postcard::to_stdvec(&contents.wrapped).expect("wrapped keys are plain values: encoding cannot fail");
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + SECRET_BYTES + wrapped.len() + SHA256_OUTPUT_LEN));
    bytes.extend_from_slice(&MAGIC);
    bytes.push(OPEN);
    bytes.extend_from_slice(contents.root.expose());
    bytes.extend_from_slice(&wrapped);
    let checksum = digest(&SHA256, &bytes);
    bytes.extend_from_slice(checksum.as_ref());
    bytes
}

/// The same, closed: `closed_key` is what the guard made of `file_key`, which serves for this one file.
pub(super) fn encode_guarded(contents: &Contents, file_key: &Secret, closed_key: &str) -> Result<Vec<u8>, Unreadable> {
    let length = u16::try_from(closed_key.len()).map_err(|_| Unreadable::Damaged)?;
    let sealed = envelope::seal(file_key, BINDING, &encode(contents));
    let mut bytes = [&MAGIC[..], &[GUARDED], &length.to_be_bytes(), closed_key.as_bytes(), &sealed].concat();
    let checksum = digest(&SHA256, &bytes);
    bytes.extend_from_slice(checksum.as_ref());
    Ok(bytes)
}

/// What was sealed in a guarded image.
pub(super) fn unseal(sealed: &[u8], file_key: &Secret) -> Result<Contents, Unreadable> {
    let plain = envelope::open(file_key, BINDING, sealed).map_err(|_| Unreadable::Damaged)?;
    match decode(&plain)? {
        Image::Open(contents) => Ok(contents),
        Image::Guarded { .. } => Err(Unreadable::Damaged),
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Unreadable> {
    let (body, checksum) = bytes.split_last_chunk::<SHA256_OUTPUT_LEN>().ok_or(Unreadable::Damaged)?;
    let body = body.strip_prefix(&MAGIC).ok_or(Unreadable::Damaged)?;
    let (&version, rest) = body.split_first().ok_or(Unreadable::Damaged)?;
    if version != OPEN && version != GUARDED {
        return Err(Unreadable::UnknownVersion(version));
    }
    if digest(&SHA256, &bytes[..bytes.len() - SHA256_OUTPUT_LEN]).as_ref() != checksum {
        return Err(Unreadable::Damaged);
    }
    if version == GUARDED { decode_guarded(rest) } else { decode_open(rest) }
}

fn decode_guarded(rest: &[u8]) -> Result<Image, Unreadable> {
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(Unreadable::Damaged)?;
    let (closed_key, sealed) =
        rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(Unreadable::Damaged)?;
    let closed_key = String::from_utf8(closed_key.to_vec()).map_err(|_| Unreadable::Damaged)?;
    Ok(Image::Guarded { closed_key, sealed: sealed.to_vec() })
}

fn decode_open(rest: &[u8]) -> Result<Image, Unreadable> {
    let (root, wrapped) = rest.split_first_chunk::<SECRET_BYTES>().ok_or(Unreadable::Damaged)?;
    let root = Secret::take(&mut *Zeroizing::new(*root)).ok_or(Unreadable::Damaged)?;
    let wrapped = postcard::from_bytes(wrapped).map_err(|_| Unreadable::Damaged)?;
    Ok(Image::Open(Contents { root, wrapped }))
}
