//! Keys that move from one vault to another: what was sealed opens there, what led to people leads to them, and whoever was
//! destroyed, on either side, stays so.

use aggregates::{
    id::{CustomerId, MerchantId},
    sealed::Sealed,
    time::Timestamp,
};
use vault::{
    DirectoryKind::{RedemptionCode, ShopifyCustomer},
    IndexKind::Email,
    ItemPurpose, KeyState, OrderOwner, Parcel, Recipient, RecipientSecret, TransferError, Unpacked, Vault, VaultError,
};

use crate::database::{Home, fresh_person, new_merchant};

const NOW: Timestamp = Timestamp(1_795_363_200_000_000);

async fn packed(vault: &Vault, merchant: MerchantId, recipient: &Recipient) -> Vec<Parcel> {
    let mut packing = vault.pack(merchant, recipient);
    let mut parcels = Vec::new();
    while let Some(parcel) = packing.next().await.unwrap() {
        parcels.push(parcel);
    }
    parcels
}

async fn unpacked(vault: &Vault, parcels: &[Parcel], secret: &RecipientSecret) -> Result<Unpacked, TransferError> {
    let mut all = Unpacked::default();
    for parcel in parcels {
        let some = vault.unpack(parcel, secret, NOW).await?;
        all.people += some.people;
        all.passed_over += some.passed_over;
    }
    Ok(all)
}

async fn customer(vault: &Vault, merchant: MerchantId, id: &str) -> CustomerId {
    vault.person_for(merchant, ShopifyCustomer, id, fresh_person()).await.unwrap().0
}

#[tokio::test]
async fn what_was_sealed_opens_and_what_led_to_people_leads_to_them() {
    let (there, here) = (Home::new().await, Home::new().await);
    let (old, new) = (there.vault().await, here.vault().await);
    let merchant = new_merchant(&old).await;
    let (ada, ben, gone) =
        (customer(&old, merchant, "1").await, customer(&old, merchant, "2").await, customer(&old, merchant, "3").await);
    let sealed: Sealed<String> = old.person(merchant, ada).await.unwrap().seal("note", &"ada's".to_owned());
    let token = old.person(merchant, ada).await.unwrap().token("order", "1001");
    let shops: Sealed<String> = old.merchant(merchant).await.unwrap().seal("shop", &"the shop's".to_owned());
    old.claim_order(merchant, "1001", ada).await.unwrap();
    old.register(merchant, RedemptionCode, "LN-1", ada.0).await.unwrap();
    old.index(merchant, ada, Email, "ada@example.com").await.unwrap();
    old.hold_person(merchant, ben).await.unwrap();
    let expires_at = ItemPurpose::Waiting.expires_at(NOW);
    let item = old.new_item(merchant, ItemPurpose::Waiting, expires_at).await.unwrap();
    let waits = item.seal_bytes("fact", b"a refund");
    old.add_waiting_item(merchant, "1002", item.id()).await.unwrap();
    old.claim_order(merchant, "1003", gone).await.unwrap();
    old.destroy_people(merchant, &[gone], Timestamp(5)).await.unwrap();

    let (recipient, secret) = RecipientSecret::generate().unwrap();
    let parcels = packed(&old, merchant, &recipient).await;
    let done = unpacked(&new, &parcels, &secret).await.unwrap();
    assert_eq!(done, Unpacked { people: 2, passed_over: 0 });

    let keys = new.person(merchant, ada).await.unwrap();
    assert_eq!((keys.open("note", &sealed).unwrap().as_str(), keys.token("order", "1001")), ("ada's", token));
    let theirs = new.merchant(merchant).await.unwrap();
    assert_eq!(theirs.open("shop", &shops).unwrap(), "the shop's");
    let owner = Some(OrderOwner::Account { account: ada, was_waiting: false });
    assert_eq!(new.order_owner(merchant, "1001").await.unwrap(), owner);
    assert_eq!(new.find(merchant, RedemptionCode, "LN-1").await.unwrap(), Some(ada.0));
    assert_eq!(new.search(merchant, Email, "Ada@example.com").await.unwrap(), [ada]);
    assert_eq!(new.key_state(merchant, ben).await.unwrap(), KeyState::Held, "the hold came along");
    let [fact] = new.waiting_items(merchant, "1002").await.unwrap()[..] else { panic!("one fact waits") };
    assert_eq!((fact.item, fact.position), (item.id(), None), "where it is here is not known yet");
    assert_eq!(
        new.item(merchant, item.id()).await.unwrap().open_bytes("fact", &waits).unwrap().as_slice(),
        b"a refund"
    );
    // Of somebody who was forgotten: dates, and nothing that opens.
    assert_eq!(new.key_state(merchant, gone).await.unwrap(), KeyState::NeverMade);
    let erased = new.order_owner(merchant, "1003").await.unwrap();
    assert_eq!(erased, Some(OrderOwner::Erased { at: Timestamp(5) }));
    assert!(matches!(new.find(merchant, ShopifyCustomer, "3").await, Err(VaultError::Destroyed { .. })));
    // From now on the two part: what the new place seals the old one cannot open.
    let sealed_here: Sealed<String> = theirs.seal("shop", &"new".to_owned());
    assert!(old.merchant(merchant).await.unwrap().open("shop", &sealed_here).is_err());
    assert_eq!(new.check_keys().await.map_err(|error| error.to_string()), Ok(()));
}

#[tokio::test]
async fn doing_it_again_changes_nothing_and_the_destroyed_stay_destroyed() {
    let (there, here) = (Home::new().await, Home::new().await);
    let (old, new) = (there.vault().await, here.vault().await);
    let merchant = new_merchant(&old).await;
    let (ada, ben) = (customer(&old, merchant, "1").await, customer(&old, merchant, "2").await);
    let (recipient, secret) = RecipientSecret::generate().unwrap();
    let parcels = packed(&old, merchant, &recipient).await;
    unpacked(&new, &parcels, &secret).await.unwrap();
    let buckets = new.survey().await.unwrap().merchants[0].buckets.len();
    new.destroy_people(merchant, &[ada], NOW).await.unwrap();
    let again = unpacked(&new, &parcels, &secret).await.unwrap();
    assert_eq!(again, Unpacked { people: 0, passed_over: 2 });
    assert!(matches!(new.key_state(merchant, ada).await.unwrap(), KeyState::Destroyed { .. }));
    assert!(matches!(new.find(merchant, ShopifyCustomer, "1").await, Err(VaultError::Destroyed { .. })));
    assert_eq!(new.find(merchant, ShopifyCustomer, "2").await.unwrap(), Some(ben.0));
    assert_eq!(new.survey().await.unwrap().merchants[0].buckets.len(), buckets);
}

#[tokio::test]
async fn keys_of_a_merchant_who_has_others_here_are_not_taken_over() {
    let (there, here) = (Home::new().await, Home::new().await);
    let (old, new) = (there.vault().await, here.vault().await);
    let merchant = new_merchant(&old).await;
    new.create_merchant(merchant).await.unwrap();
    let (recipient, secret) = RecipientSecret::generate().unwrap();
    let parcels = packed(&old, merchant, &recipient).await;
    let refused = unpacked(&new, &parcels, &secret).await;
    assert!(matches!(refused, Err(TransferError::OtherKeys(of)) if of == merchant), "{refused:?}");
    let (_, another) = RecipientSecret::generate().unwrap();
    let closed = unpacked(&new, &parcels, &another).await;
    assert!(matches!(closed, Err(TransferError::Closed { number: 0, .. })), "{closed:?}");
}
