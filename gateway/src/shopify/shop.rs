//! The name by which a shop is known: its permanent domain.

const SUFFIX: &str = ".myshopify.com";
/// Bytes of one label of a domain name.
const NAME_BYTES_MAX: usize = 63;

/// `Demo.MyShopify.com ` as `demo.myshopify.com`; `None` for anything but `{name}.myshopify.com`.
pub fn normalise_shop(domain: &str) -> Option<String> {
    let domain = domain.trim().to_ascii_lowercase();
    let name = domain.strip_suffix(SUFFIX)?;
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let starts_well = name.bytes().next().is_some_and(is_letter);
    let continues_well = name.bytes().all(|byte| is_letter(byte) || byte == b'-' || byte == b'_');
    (starts_well && continues_well && name.len() <= NAME_BYTES_MAX).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_known_by_its_permanent_domain_alone() {
        assert_eq!(normalise_shop(" Demo-Shop2.MyShopify.com\n").as_deref(), Some("demo-shop2.myshopify.com"));
        for other in [
            "",
            ".myshopify.com",
            "myshopify.com",
            "demo.example.com",
            "demo.myshopify.com.example.com",
            "a.b.myshopify.com",
            "-demo.myshopify.com",
            "de mo.myshopify.com",
            "https://demo.myshopify.com",
            "demo.myshopify.com/",
            "dämo.myshopify.com",
        ] {
            assert_eq!(normalise_shop(other), None, "{other}");
        }
        assert_eq!(normalise_shop(&format!("{}{SUFFIX}", "a".repeat(NAME_BYTES_MAX + 1))), None);
    }
}
