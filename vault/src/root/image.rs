//! The bytes of the file.
//!
//! ```text
//! "LNRK" 4 │ version 1 │ root key 32 │ the wrapped keys, postcard … │ SHA-256 of all before 32
//! ```

use std::path::Path;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use zeroize::Zeroizing;

use super::{Contents, RootKeyError};
use crate::secret::{SECRET_BYTES, Secret};

const MAGIC: [u8; 4] = *b"LNRK";
const VERSION: u8 = 1;
const HEAD_BYTES: usize = MAGIC.len() + 1;

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
    bytes.push(VERSION);
    bytes.extend_from_slice(contents.root.expose());
    bytes.extend_from_slice(&wrapped);
    let checksum = digest(&SHA256, &bytes);
    bytes.extend_from_slice(checksum.as_ref());
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Contents, Unreadable> {
    let (body, checksum) = bytes.split_last_chunk::<SHA256_OUTPUT_LEN>().ok_or(Unreadable::Damaged)?;
    let body = body.strip_prefix(&MAGIC).ok_or(Unreadable::Damaged)?;
    let (&version, rest) = body.split_first().ok_or(Unreadable::Damaged)?;
    if version != VERSION {
        return Err(Unreadable::UnknownVersion(version));
    }
    if digest(&SHA256, &bytes[..bytes.len() - SHA256_OUTPUT_LEN]).as_ref() != checksum {
        return Err(Unreadable::Damaged);
    }
    let (root, wrapped) = rest.split_first_chunk::<SECRET_BYTES>().ok_or(Unreadable::Damaged)?;
    let root = Secret::take(&mut *Zeroizing::new(*root)).ok_or(Unreadable::Damaged)?;
    let wrapped = postcard::from_bytes(wrapped).map_err(|_| Unreadable::Damaged)?;
    Ok(Contents { root, wrapped })
}
