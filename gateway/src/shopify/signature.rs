//! The proof that a body comes from Shopify: base64 of HMAC-SHA256 over the raw bytes, under a secret that both know.
//! It covers the body alone; headers are only as good as the look-up that found the secret.

use aws_lc_rs::hmac::{HMAC_SHA256, Key};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Whether `header_base64` signs exactly these bytes under `secret`. The comparison takes the same time wherever the
/// first difference is. An empty secret proves nothing and accepts nothing.
pub fn verify(raw: &[u8], header_base64: &str, secret: &[u8]) -> bool {
    let Ok(stated) = STANDARD.decode(header_base64.trim()) else { return false };
    !secret.is_empty() && aws_lc_rs::hmac::verify(&Key::new(HMAC_SHA256, secret), raw, &stated).is_ok()
}

/// The header value that Shopify would send with these bytes: for samples and tests.
pub fn sign(raw: &[u8], secret: &[u8]) -> String {
    STANDARD.encode(aws_lc_rs::hmac::sign(&Key::new(HMAC_SHA256, secret), raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":820982911946154508,"total_price":"403.00"}"#;
    const SIGNATURE: &str = "gHDQy76+38chKmG/hW2suoASSgJPriCh7sYbzaB7OQI=";

    #[test]
    fn a_known_body_has_its_known_signature() {
        assert_eq!(sign(BODY, b"hush"), SIGNATURE);
        assert!(verify(BODY, SIGNATURE, b"hush"));
        assert!(verify(BODY, &format!(" {SIGNATURE} "), b"hush"));
    }

    #[test]
    fn nothing_else_passes() {
        let changed = [BODY, b" "].concat();
        assert!(!verify(&changed, SIGNATURE, b"hush"));
        assert!(!verify(BODY, SIGNATURE, b"hush "));
        assert!(!verify(BODY, &SIGNATURE.replace("gHDQ", "gHDR"), b"hush"));
        assert!(!verify(BODY, &SIGNATURE[..40], b"hush"));
        assert!(!verify(BODY, "", b"hush"));
        assert!(!verify(BODY, "not base64!", b"hush"));
        assert!(!verify(BODY, &hex::encode(STANDARD.decode(SIGNATURE).unwrap_or_default()), b"hush"));
        assert!(!verify(BODY, &sign(BODY, b""), b""));
    }
}
