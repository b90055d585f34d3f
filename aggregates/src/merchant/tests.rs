use uuid::Uuid;

use super::*;

fn told(merchant: &mut Merchant, command: MerchantCommand) -> Result<usize, MerchantRefusal> {
    let events = merchant.decide(&command)?;
    events.iter().for_each(|event| merchant.apply(event, &Recorded { position: 1, at: Timestamp(0) }));
    Ok(events.len())
}

fn key(byte: u8, scopes: Scopes) -> ApiKey {
    ApiKey { hash: [byte; 32], at: Timestamp(0), name: None, scopes }
}

fn created() -> Merchant {
    let created = MerchantCreated { shop: Sealed::from_ciphertext(*b"a shop"), webhook_secrets: Vec::new() };
    let mut merchant = Merchant::default();
    let create = MerchantCommand::Create { created, api_key: key(7, Scopes::everything()) };
    assert_eq!(told(&mut merchant, create), Ok(2));
    merchant
}

fn revoke(byte: u8) -> MerchantCommand {
    MerchantCommand::RevokeApiKey(ApiKeyRevoked { key: ApiKeyId::of(&[byte; 32]), at: Timestamp(1) })
}

#[test]
fn a_key_opens_what_it_was_issued_for_until_it_is_revoked() {
    let mut merchant = created();
    let till = Scopes::only([Scope::Write]).unwrap();
    assert_eq!(told(&mut merchant, MerchantCommand::IssueApiKey(key(8, till.clone()))), Ok(1));
    assert_eq!(merchant.key(&[8; 32]).map(|key| &key.scopes), Some(&till));
    assert_eq!(told(&mut merchant, revoke(8)), Ok(1));
    assert_eq!(merchant.key(&[8; 32]), None);
    assert!(merchant.key(&[7; 32]).is_some(), "others stay");
    assert_eq!(told(&mut merchant, revoke(8)), Err(MerchantRefusal::UnknownApiKey));
}

#[test]
fn a_merchant_has_so_many_keys_and_no_more_until_one_goes() {
    let mut merchant = created();
    for byte in 8..=u8::try_from(API_KEYS_MAX + 6).unwrap() {
        assert_eq!(told(&mut merchant, MerchantCommand::IssueApiKey(key(byte, Scopes::everything()))), Ok(1));
    }
    let another = MerchantCommand::IssueApiKey(key(250, Scopes::everything()));
    assert_eq!(told(&mut merchant, another.clone()), Err(MerchantRefusal::TooManyApiKeys));
    assert_eq!(told(&mut merchant, revoke(20)), Ok(1));
    assert_eq!(told(&mut merchant, another), Ok(1));
}

#[test]
fn a_shop_signs_with_other_secrets_one_or_two_at_a_time() {
    let mut merchant = created();
    let secrets = |count: usize| (0..count).map(|n| Sealed::from_ciphertext(vec![n as u8])).collect::<Vec<_>>();
    let replace = |count| {
        MerchantCommand::ReplaceWebhookSecrets(WebhookSecretsReplaced {
            webhook_secrets: secrets(count),
            at: Timestamp(1),
        })
    };
    for count in [2, 1] {
        assert_eq!(told(&mut merchant, replace(count)), Ok(1));
        assert_eq!(merchant.created.as_ref().map(|created| created.webhook_secrets.clone()), Some(secrets(count)));
    }
    for count in [0, 3] {
        assert_eq!(told(&mut merchant, replace(count)), Err(MerchantRefusal::NumberOfSecrets));
    }
}

#[test]
fn a_secret_is_something_that_can_be_signed_with() {
    for secret in ["shpss_1", "with a blank inside"] {
        assert_eq!(WebhookSecret::parse(secret).map(|parsed| parsed.secret), Ok(secret.to_owned()));
    }
    for nonsense in ["", " ", "shpss_1\n", " shpss_1", &"x".repeat(257)] {
        assert_eq!(WebhookSecret::parse(nonsense), Err(NotASecret), "{nonsense:?}");
    }
}

#[test]
fn a_forgotten_shop_is_let_in_no_more_and_nothing_happens_to_it() {
    let created = MerchantCreated { shop: Sealed::from_ciphertext(*b"a shop"), webhook_secrets: Vec::new() };
    let create = MerchantCommand::Create { created, api_key: key(7, Scopes::everything()) };
    let request = GdprRequestId(Uuid::from_u128(1));
    let fence = MerchantCommand::Fence(MerchantFenced { request, at: Timestamp(5) });
    let erase = MerchantCommand::Erase(MerchantErased { request, deletion: 1, at: Timestamp(6) });
    let mut merchant = Merchant::default();
    assert_eq!(told(&mut merchant, fence.clone()), Err(MerchantRefusal::Unknown));
    told(&mut merchant, create.clone()).unwrap();
    assert!(merchant.key(&[7; 32]).is_some());
    assert_eq!(told(&mut merchant, erase.clone()), Err(MerchantRefusal::NotFenced));
    assert_eq!(told(&mut merchant, fence.clone()), Ok(1));
    assert!(merchant.key(&[7; 32]).is_none());
    assert_eq!(told(&mut merchant, erase.clone()), Ok(1));
    assert_eq!((told(&mut merchant, fence), told(&mut merchant, erase)), (Ok(0), Ok(0)), "once");
    assert_eq!(told(&mut merchant, MerchantCommand::Uninstall { at: Timestamp(7) }), Err(MerchantRefusal::Erased));
    assert_eq!(told(&mut merchant, MerchantCommand::SetClock { ahead_micros: 9 }), Err(MerchantRefusal::Erased));
    assert_eq!(told(&mut merchant, create), Err(MerchantRefusal::Exists));
}

fn sealed(token: &str) -> Sealed<AdminToken> {
    Sealed::from_ciphertext(token.as_bytes().to_vec())
}

#[test]
fn a_pair_of_tokens_counts_only_in_the_place_of_the_one_it_was_given_out_for() {
    let life = |seconds: i64| TokenLife { expires_at: Timestamp(0).plus_seconds(seconds), renewable_until: None };
    let mut merchant = created();
    let at_position = |merchant: &mut Merchant, position, command: MerchantCommand| {
        let events = merchant.decide(&command).unwrap();
        let recorded = Recorded { position, at: Timestamp(0) };
        events.iter().for_each(|event| merchant.apply(event, &recorded));
        events.len()
    };
    let connect = |token: &str| {
        let (token, life) = (sealed(token), Some(life(3_600)));
        MerchantCommand::ConnectShop(ShopConnected { token, life, at: Timestamp(0) })
    };
    let renew = |of, token: &str| {
        let renewed = ShopTokenRenewed { token: sealed(token), life: life(7_200), at: Timestamp(1) };
        MerchantCommand::RenewShopToken { of, renewed }
    };
    assert_eq!(at_position(&mut merchant, 4, renew(3, "of nothing")), 0);
    assert_eq!(at_position(&mut merchant, 5, connect("first")), 1);
    let shop = |merchant: &Merchant| merchant.shop.clone().unwrap();
    let ends = Timestamp(0).plus_seconds(3_600);
    assert!(!shop(&merchant).is_ending(Timestamp(0)) && shop(&merchant).is_ending(ends.plus_seconds(-60)));
    assert_eq!(at_position(&mut merchant, 6, renew(5, "second")), 1);
    assert_eq!(at_position(&mut merchant, 7, renew(5, "late")), 0, "another worker was faster");
    assert_eq!((shop(&merchant).token, shop(&merchant).issued_by), (sealed("second"), 6));
    assert!(!shop(&merchant).is_ending(ends));

    let refused = |of| MerchantCommand::NeedReconnection { of, at: Timestamp(9) };
    assert_eq!(at_position(&mut merchant, 8, refused(5)), 0, "of the one before");
    assert_eq!(at_position(&mut merchant, 8, refused(6)), 1);
    assert_eq!(at_position(&mut merchant, 9, refused(6)), 0, "once");
    assert_eq!(shop(&merchant).needs_reconnection, Some(Timestamp(9)));
    at_position(&mut merchant, 10, connect("anew"));
    assert_eq!(shop(&merchant).needs_reconnection, None);
    at_position(&mut merchant, 11, MerchantCommand::DisconnectShop { at: Timestamp(10) });
    assert_eq!(at_position(&mut merchant, 12, renew(10, "after the end")), 0);
}
