//! The rival: the ledger that a team would write in SQL. One statement inserts the line, refuses an order that is
//! there already, updates the balance and gives it back. Prepared, synchronous commit, one task for each connection.
//!
//! It keeps what the log keeps: merchant, customer, order, points, time and the details, as many bytes as our commit;
//! and it can list a customer's lines, as every shop wants to. It does not keep the history of its own changes, seal
//! anything or tell anybody.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use gateway::clock::new_id;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::bench::{cpu::Parties, crowd::crowd, run::Run};

const TABLES: [&str; 5] = [
    "create schema bench",
    "create table bench.ledger (
         id bigint generated always as identity primary key,
         merchant uuid not null, customer uuid not null, order_id text not null, points bigint not null,
         details bytea not null, recorded_at timestamptz not null default now(),
         unique (merchant, order_id)) with (autovacuum_enabled = false)",
    "create index on bench.ledger (merchant, customer, id desc)",
    "create table bench.balance (
         merchant uuid not null, customer uuid not null, points bigint not null,
         updated_at timestamptz not null default now(),
         primary key (merchant, customer)) with (fillfactor = 60, autovacuum_enabled = false)",
    // Vacuuming is switched off, in the ledger's favour, because it would go on in the turns of the others.
    "create table bench.alone (id bigint primary key, customer bigint not null) with (autovacuum_enabled = false)",
];

const AWARD: &str = "with line as (
         insert into bench.ledger (merchant, customer, order_id, points, details) values ($1, $2, $3, $4, $5)
         on conflict (merchant, order_id) do nothing returning points)
     update bench.balance set points = balance.points + line.points, updated_at = now()
       from line where merchant = $1 and customer = $2
     returning balance.points";
/// From one customer to the next: a prime.
const STRIDE: usize = 7_919;

pub struct Ledger {
    url: String,
    merchant: Uuid,
    customers: Arc<[Uuid]>,
    details: Bytes,
    orders: Arc<AtomicUsize>,
}

impl Ledger {
    pub async fn prepare(url: &str, customers: u64, details: Bytes) -> anyhow::Result<Ledger> {
        let mut connection = PgConnection::connect(url).await?;
        for statement in TABLES {
            sqlx::query(statement).execute(&mut connection).await?;
        }
        let merchant = new_id();
        let customers: Arc<[Uuid]> = (0..customers).map(|_| new_id()).collect();
        sqlx::query(
            "insert into bench.balance (merchant, customer, points) select $1, customer, 0 from unnest($2) customer",
        )
        .bind(merchant)
        .bind(&customers[..])
        .execute(&mut connection)
        .await?;
        sqlx::query("analyze bench.balance").execute(&mut connection).await?;
        Ok(Ledger { url: url.to_owned(), merchant, customers, details, orders: Arc::default() })
    }

    /// Awards, so many at once, each on a connection of its own.
    pub async fn race(&self, connections: usize, turn: Duration, parties: &Parties) -> anyhow::Result<Run> {
        let idle = Arc::new(Mutex::new(self.connect(connections).await?));
        let (orders, merchant) = (self.orders.clone(), self.merchant);
        let (customers, details) = (self.customers.clone(), self.details.clone());
        crowd(connections, turn, parties, move || {
            let (idle, order) = (idle.clone(), orders.fetch_add(1, Ordering::Relaxed));
            let customer = customers[order.wrapping_mul(STRIDE) % customers.len()];
            let details = details.clone();
            async move {
                let mut connection = take(&idle)?;
                let balance: Option<i64> = sqlx::query_scalar(AWARD)
                    .bind(merchant)
                    .bind(customer)
                    .bind(order.to_string())
                    .bind(50_i64)
                    .bind(&details[..])
                    .fetch_optional(&mut connection)
                    .await?;
                ensure!(balance.is_some(), "the ledger has seen an order twice");
                give_back(&idle, connection);
                Ok(())
            }
        })
        .await
    }

    /// Single-row inserts, one after the other.
    pub async fn insert_alone(&self, turn: Duration, parties: &Parties) -> anyhow::Result<Run> {
        let idle = Arc::new(Mutex::new(self.connect(1).await?));
        let orders = self.orders.clone();
        crowd(1, turn, parties, move || {
            let (idle, id) = (idle.clone(), orders.fetch_add(1, Ordering::Relaxed));
            async move {
                let mut connection = take(&idle)?;
                sqlx::query("insert into bench.alone (id, customer) values ($1, $2)")
                    .bind(i64::try_from(id)?)
                    .bind(i64::try_from(id)?)
                    .execute(&mut connection)
                    .await?;
                give_back(&idle, connection);
                Ok(())
            }
        })
        .await
    }

    async fn connect(&self, connections: usize) -> anyhow::Result<Vec<PgConnection>> {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(PgConnection::connect(&self.url).await?);
        }
        Ok(open)
    }
}

type Idle = Mutex<Vec<PgConnection>>;

/// There are as many connections as members of the crowd.
fn take(idle: &Idle) -> anyhow::Result<PgConnection> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop().context("no connection is idle")
}

fn give_back(idle: &Idle, connection: PgConnection) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
}
