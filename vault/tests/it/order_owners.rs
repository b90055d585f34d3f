//! One owner for every order.

use std::{collections::HashMap, sync::Arc};

use futures::future::join_all;
use vault::{OrderOwner, VaultError};

use crate::database::{Home, fresh_person, new_merchant};

fn owned_by(account: aggregates::id::CustomerId) -> OrderOwner {
    OrderOwner::Account { account, was_waiting: false }
}

#[tokio::test]
async fn the_first_claim_wins_for_ever() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (fresh_person(), fresh_person());
    assert_eq!(vault.order_owner(merchant, "1001").await.unwrap(), None);
    assert_eq!(vault.claim_order(merchant, "1001", ada).await.unwrap(), owned_by(ada));
    assert_eq!(vault.claim_order(merchant, "1001", bob).await.unwrap(), owned_by(ada));
    assert_eq!(vault.await_order(merchant, "1001").await.unwrap(), owned_by(ada));
    assert_eq!(vault.order_owner(merchant, "1001").await.unwrap(), Some(owned_by(ada)));

    let elsewhere = new_merchant(&vault).await;
    assert_eq!(vault.claim_order(elsewhere, "1001", bob).await.unwrap(), owned_by(bob), "another shop's 1001");
}

#[tokio::test]
async fn a_waiting_order_becomes_its_first_claimers() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = fresh_person();
    assert_eq!(vault.await_order(merchant, "1001").await.unwrap(), OrderOwner::Waiting);
    assert_eq!(vault.await_order(merchant, "1001").await.unwrap(), OrderOwner::Waiting);
    let claimed = OrderOwner::Account { account: ada, was_waiting: true };
    assert_eq!(vault.claim_order(merchant, "1001", ada).await.unwrap(), claimed);
    // Until somebody says that what waited was applied, everybody is told: the claimer may have died.
    assert_eq!(vault.claim_order(merchant, "1001", fresh_person()).await.unwrap(), claimed);
    vault.drop_waiting_items(merchant, "1001", &[]).await.unwrap();
    assert_eq!(vault.await_order(merchant, "1001").await.unwrap(), owned_by(ada));
}

/// The round is busy with the first claim while the others queue, so most of these share a statement.
#[tokio::test]
async fn claims_and_waits_for_one_order_in_one_round_agree() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let claims = (0..100).map(|n| {
        let vault = vault.clone();
        async move {
            let order = (n % 3).to_string();
            let owner = match n % 4 {
                0 => vault.await_order(merchant, &order).await,
                _ => vault.claim_order(merchant, &order, fresh_person()).await,
            };
            (order, owner.unwrap())
        }
    });
    let mut owners = HashMap::new();
    for (order, owner) in join_all(claims).await {
        if let OrderOwner::Account { account, .. } = owner {
            assert_eq!(*owners.entry(order).or_insert(account), account, "one order, one owner");
        }
    }
    assert_eq!(owners.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_claiming_the_same_orders_agree() {
    const ORDERS: usize = 2_000;
    let home = Home::new().await;
    let vaults = [home.vault().await, home.vault().await];
    let merchant = new_merchant(&vaults[0]).await;
    for n in (0..ORDERS).step_by(3) {
        vaults[0].await_order(merchant, &n.to_string()).await.unwrap();
    }

    let claim = |side: usize, n: usize| {
        let vault = vaults[side].clone();
        // The two go through the orders in opposite directions: row locks taken as asked would deadlock.
        let order = if side == 0 { n } else { ORDERS - 1 - n };
        tokio::spawn(async move {
            let account = fresh_person();
            (order, account, vault.claim_order(merchant, &order.to_string(), account).await.unwrap())
        })
    };
    let claims = join_all((0..ORDERS).flat_map(|n| [claim(0, n), claim(1, n)])).await;

    let mut owners = HashMap::new();
    let mut winners = 0;
    for claimed in claims {
        let (order, claimer, owner) = claimed.unwrap();
        let OrderOwner::Account { account, was_waiting } = owner else { panic!("claimed, but {owner:?}") };
        assert_eq!(*owners.entry(order).or_insert(account), account);
        assert_eq!(was_waiting, order % 3 == 0);
        winners += usize::from(account == claimer);
    }
    assert_eq!((owners.len(), winners), (ORDERS, ORDERS));
}

#[tokio::test]
async fn an_order_of_an_erased_account_stays_erased() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = fresh_person();
    vault.claim_order(merchant, "1001", ada).await.unwrap();
    home.execute("update vault.order_owner set account = null, erased_at_us = 7 where account = $1", ada.0).await;
    let erased = vault.claim_order(merchant, "1001", fresh_person()).await.unwrap();
    assert!(matches!(erased, OrderOwner::Erased { at } if at.0 == 7));
    assert_eq!(vault.await_order(merchant, "1001").await.unwrap(), erased);
}

#[tokio::test]
async fn without_a_database_every_caller_is_told_so() {
    let home = Home::new().await;
    let vault = Arc::new(home.vault().await);
    let merchant = new_merchant(&vault).await;
    vault.ping().await.unwrap();
    sqlx::query("alter table vault.order_owner rename to gone").execute(&home.pool).await.unwrap();
    let claims = join_all((0..50).map(|n| {
        let vault = vault.clone();
        async move { vault.claim_order(merchant, &n.to_string(), fresh_person()).await }
    }));
    assert!(claims.await.into_iter().all(|claim| matches!(claim, Err(VaultError::Unavailable(_)))));

    sqlx::query("alter table vault.gone rename to order_owner").execute(&home.pool).await.unwrap();
    vault.claim_order(merchant, "1", fresh_person()).await.expect("the next round runs as if nothing had happened");
}
