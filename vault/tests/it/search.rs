//! Finding people by what is sealed.

use vault::IndexKind::{Email, OrderNumber, Phone};

use crate::database::{Home, fresh_person, new_merchant};

#[tokio::test]
async fn people_are_found_however_the_value_is_spelled() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let (ada, bob) = (fresh_person(), fresh_person());
    for person in [ada, bob, ada] {
        vault.index(merchant, person, Phone, "+49 30 123-456").await.unwrap();
    }
    vault.index(merchant, ada, Email, " Ada@Example.org").await.unwrap();
    vault.index(merchant, ada, OrderNumber, "#1001").await.unwrap();
    vault.index(merchant, bob, Phone, "-").await.unwrap();

    let mut both = [ada, bob];
    both.sort();
    assert_eq!(vault.search(merchant, Phone, "0049 (30) 123456").await.unwrap(), both);
    assert_eq!(vault.search(merchant, Email, "ada@example.ORG").await.unwrap(), [ada]);
    assert_eq!(vault.search(merchant, OrderNumber, "1001").await.unwrap(), [ada]);
    assert_eq!(vault.search(merchant, Phone, "").await.unwrap(), [], "no value names nobody");
    assert_eq!(vault.search(merchant, Email, "1001").await.unwrap(), [], "kinds do not mix");
    assert_eq!(vault.search(elsewhere, Email, "ada@example.org").await.unwrap(), [], "nor do merchants");
}
