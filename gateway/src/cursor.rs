//! Where a page ends: opaque text that continues the same list.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::{Code, Problem};

/// Rows of a page, unless the caller asks for another number.
const LIMIT_DEFAULT: u32 = 50;
/// Larger wishes are cut to this.
const LIMIT_MAX: u32 = 250;

/// One more than the page holds is read, to know whether there is more.
pub fn limit(asked: Option<u32>) -> usize {
    asked.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX) as usize
}

pub fn encode<T: Serialize>(place: &T) -> String {
    URL_SAFE_NO_PAD.encode(postcard::to_stdvec(place).expect("places are plain values"))
}

/// Carries no authority: whatever it says is read within the caller's own merchant.
pub fn decode<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Problem::of(Code::InvalidCursor))?;
    match postcard::take_from_bytes(&bytes) {
        Ok((place, [])) => Ok(Some(place)),
        Ok(_) | Err(_) => Err(Problem::of(Code::InvalidCursor)),
    }
}
