//! Recognisable values for samples.

use aggregates::{
    id::{Fingerprint, LotId, Token},
    sealed::Sealed,
    time::Timestamp,
};
use uuid::Uuid;

pub fn uuid(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

pub fn lot(n: u8) -> LotId {
    LotId(uuid(n))
}

pub fn token(n: u8) -> Token {
    Token([n; 16])
}

pub fn fingerprint(n: u8) -> Fingerprint {
    Fingerprint(u64::from_be_bytes([n; 8]))
}

/// 2026-11-22T16:00:00Z and `seconds`.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp(1_795_363_200_000_000).plus_seconds(seconds)
}

pub fn sealed<T>(text: &str) -> Sealed<T> {
    Sealed::from_ciphertext(text.as_bytes())
}
