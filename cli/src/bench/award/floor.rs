//! What no implementation on these two servers can do without: each order claimed durably, each commit written under its
//! guard. A thousand claims in one statement, then a thousand commits in one atomic batch, nothing decided, sealed or
//! hashed in between; two such pairs at once, so that neither server waits for the other.

use std::time::Duration;

use gateway::clock::new_id;
use sqlx::PgPool;
use uuid::Uuid;

use crate::bench::{
    bare::{BATCH, Bare},
    cpu::Parties,
    crowd::crowd,
    run::Run,
};

/// The vault's table of owners, without what it keeps for erasure.
const TABLE: &str = "create table bench.claim (
         merchant uuid not null, lookup bytea not null, account uuid not null, primary key (merchant, lookup))
         with (autovacuum_enabled = false)";
const CLAIM: &str = "insert into bench.claim (merchant, lookup, account)
     select $1, lookup, account from unnest($2::bytea[], $3::uuid[]) as asked (lookup, account)
     on conflict do nothing";
/// Claims of one pair while the commits of the other are written.
const PAIRS_AT_ONCE: usize = 2;

#[derive(Clone)]
pub struct Floor {
    db: PgPool,
    merchant: Uuid,
    bare: Bare,
}

impl Floor {
    /// Needs the schema of the ledger.
    pub async fn prepare(url: &str, bare: Bare) -> anyhow::Result<Floor> {
        let db = PgPool::connect(url).await?;
        sqlx::query(TABLE).execute(&db).await?;
        Ok(Floor { db, merchant: new_id(), bare })
    }

    pub async fn race(&self, turn: Duration, parties: &Parties) -> anyhow::Result<Run> {
        let floor = self.clone();
        let work = move || {
            let floor = floor.clone();
            async move { floor.pair().await }
        };
        Ok(crowd(PAIRS_AT_ONCE, turn, parties, work).await?.times(u64::try_from(BATCH)?))
    }

    async fn pair(&self) -> anyhow::Result<()> {
        let accounts: Vec<Uuid> = (0..BATCH).map(|_| new_id()).collect();
        let lookups: Vec<[u8; 32]> = accounts.iter().map(scattered).collect();
        sqlx::query(CLAIM).bind(self.merchant).bind(lookups).bind(accounts).execute(&self.db).await?;
        self.bare.batch().await
    }
}

/// As a hash would be: an id's random end stands first, so that rows fall anywhere into the index.
fn scattered(id: &Uuid) -> [u8; 32] {
    let mut lookup = [0; 32];
    for (place, byte) in lookup.iter_mut().zip(id.as_bytes().iter().rev().cycle()) {
        *place = *byte;
    }
    lookup
}
