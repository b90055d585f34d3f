//! What in the vault leads to a person: outside identities, orders, search terms, facts that wait, invitations.

use aggregates::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::VaultError;

/// Of facts that wait for an order of theirs, the keys, and with them the notes of what waits.
const WAITING_FACTS: &str = "delete from vault.item_keys where item in (
     select w.item from vault.order_owner o join vault.waiting_items w using (merchant, lookup) where o.account = any($1))";

/// A hash and a date stay, so that a late repetition is known for what it is.
const ORDERS: &str = "update vault.order_owner set account = null, waited = false, erased_at_us = $2
                       where account = any($1)";

const IDENTITIES: &str = "update vault.directory set subject = null, erased_at_us = $2 where subject = any($1)";

/// Addresses of theirs under which somebody else named them.
const NAMED: &str = "delete from vault.named_friends n using vault.blind_index b
                      where b.subject = any($1) and b.kind = 'email' and n.merchant = b.merchant and n.lookup = b.lookup";

const SEARCH_TERMS: &str = "delete from vault.blind_index where subject = any($1)";

/// Whom they have invited.
const INVITED_BY: &str = "delete from vault.invitations where advocate = any($1)";

/// By whom they were invited, at an address that they are found by.
const INVITED_AT: &str = "delete from vault.invitations i using vault.blind_index b
     where b.subject = any($1) and b.kind = 'email' and i.merchant = b.merchant and i.lookup = b.lookup";

/// Wipes all of it. People's orders are found by their owner, so facts that wait for them go first; what was said of their
/// addresses, and who invited them, is found by what they are searched by, so that goes last.
pub(super) async fn wipe(transaction: &mut PgConnection, ids: &[Uuid], at: Timestamp) -> Result<(), VaultError> {
    sqlx::query(WAITING_FACTS).bind(ids).execute(&mut *transaction).await?;
    sqlx::query(ORDERS).bind(ids).bind(at.0).execute(&mut *transaction).await?;
    sqlx::query(IDENTITIES).bind(ids).bind(at.0).execute(&mut *transaction).await?;
    sqlx::query(NAMED).bind(ids).execute(&mut *transaction).await?;
    sqlx::query(INVITED_BY).bind(ids).execute(&mut *transaction).await?;
    sqlx::query(INVITED_AT).bind(ids).execute(&mut *transaction).await?;
    sqlx::query(SEARCH_TERMS).bind(ids).execute(&mut *transaction).await?;
    Ok(())
}
