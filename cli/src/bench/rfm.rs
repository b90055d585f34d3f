//! The daily window of one merchant with very many buyers: read everybody's orders and standings, score, compare. Beside it
//! the SQL that a team would write: three `ntile(5)` over the same rows, joined with what is on record.
//!
//! The SQL scores equal buyers differently, where a fifth ends among them; and it leaves its result in the database, counted.
//! The window makes the events that would be written.

use std::time::Duration;

use aggregates::{
    id::MerchantId,
    rfm::{Day, Definition, Reference, RfmSettings, hold_window},
    time::{Clock, Timestamp},
};
use anyhow::{Context, ensure};
use gateway::{Gateway, clock::SystemClock};
use projections::rfm::{Sheet, sheet::Buyers};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Scale,
    cpu::Spent,
    figure::Figure,
    note,
    run::{Run, Turns},
    shop::Shop,
    stage::Stage,
};
use crate::composition;

/// What the promise says: thousandths of the SQL's time.
const AT_MOST: u64 = 1_500;

/// Everybody orders once, six in ten of all orders again, and some far more often than others. Spread over two years and
/// over a thousand amounts.
const ORDERS: &str = "insert into read.rfm_orders
        (merchant, order_token, customer, currency, processed_at, base_minor, cancelled, voided, test, refunds, net_minor,
         position)
    select $1, decode(md5('order' || n), 'hex'), md5('buyer' || buyer)::uuid, 'EUR',
           $3::timestamptz - make_interval(hours => ((n * 7919) % 17520)::int), amount, false, false, false, '\\x00', amount, 1
      from generate_series(1, $2 * 16 / 10) as n
     cross join lateral (select case when n <= $2 then n else 1 + (n * n) % $2 end as buyer,
                                1000 + (n * 104729) % 1000 * 100 as amount) as drawn";

const NTILE: &str = "with bought as (
        select customer, max(processed_at) as last, count(*) as orders, sum(net_minor) as spend
          from read.rfm_orders where merchant = $1 and currency = 'EUR' and net_minor > 0 group by customer),
    scored as (
        select customer, ntile(5) over (order by last) as r, ntile(5) over (order by orders) as f,
               ntile(5) over (order by spend) as m from bought)
    select coalesce(sum(buyers), 0)::bigint from (
        select r, f, m, count(*) as buyers,
               count(*) filter (where stood.scores is distinct from r * 100 + f * 10 + m) as moved
          from scored left join read.customer_segments as stood
               on stood.merchant = $1 and stood.customer = scored.customer
         group by r, f, m) as counted";

/// Both may sort in memory.
const WORKING_MEMORY: &str = "set local work_mem = '256MB'";

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let gateway = stage.gateway().await?;
    let buyers = scale.rfm_buyers;
    let shop = Shop::open(&gateway, 0).await?;
    let tomorrow = SystemClock.now().plus_days(1);
    note(&format!("rfm: the orders of {buyers} buyers are written"));
    fill(&gateway.db, shop.merchant, buyers).await?;
    note("rfm: the first window is held, written and shown");
    let first = first_window(&gateway, shop.merchant, tomorrow).await?;
    let (mut windows, mut tiles) = (Turns::default(), Turns::default());
    for round in 1..=scale.rounds {
        note(&format!("rfm: round {round} of {}", scale.rounds));
        windows.push(window(&gateway.db, shop.merchant, tomorrow, buyers).await?);
        tiles.push(ntile(&gateway.db, shop.merchant, buyers).await?);
    }
    drop(gateway);
    stage.dismantle().await;
    let median = |turns: &Turns| turns.median().percentile(50);
    let name = format!("daily window of {buyers} buyers: read, score, compare");
    Ok(vec![
        Figure::latencies(&name, median(&windows), "ntile in SQL over the same rows", median(&tiles), AT_MOST),
        Figure::latency(&format!("first window of {buyers} buyers: all of it, written and shown"), first),
    ])
}

async fn fill(db: &PgPool, merchant: MerchantId, buyers: u64) -> anyhow::Result<()> {
    let now = chrono::DateTime::from_timestamp_micros(SystemClock.now().0).context("a time")?;
    sqlx::query(ORDERS).bind(merchant.0).bind(i64::try_from(buyers)?).bind(now).execute(db).await?;
    sqlx::query("insert into read.rfm_shops values ($1, $2)").bind(merchant.0).bind(now).execute(db).await?;
    sqlx::query("vacuum analyze read.rfm_orders").execute(db).await?;
    Ok(())
}

/// Everybody moves: the most that a window can write.
async fn first_window(gateway: &Gateway, merchant: MerchantId, now: Timestamp) -> anyhow::Result<Duration> {
    let stop = CancellationToken::new();
    let mut work = composition::start_read_models(&gateway.journal, &gateway.db, &stop);
    let began = Instant::now();
    let analyst = gateway.analyst();
    let held = loop {
        // Read models may need longer for a million standings than a command waits for them; the window is then closed.
        match analyst.catch_up(merchant, now).await {
            Err(policies::RfmError::ReadModelBehind) => {}
            outcome => break outcome?,
        }
    };
    let took = began.elapsed();
    stop.cancel();
    while work.join_next().await.is_some() {}
    let newest = Sheet::open(&gateway.db, merchant).await?.newest;
    ensure!(held.is_some() || newest.is_some(), "the first window was not held");
    sqlx::query("vacuum analyze read.customer_segments").execute(&gateway.db).await?;
    Ok(took)
}

async fn window(db: &PgPool, merchant: MerchantId, now: Timestamp, buyers: u64) -> anyhow::Result<Run> {
    let definition = Definition::of(1, &RfmSettings::default_of_a_new_merchant())?;
    let day = Day(definition.calendar.newest_due(now).0 + 1);
    let began = Instant::now();
    let sheet = Sheet::open(db, merchant).await?;
    let reference = Reference { day, orders_through: sheet.orders_through, at: now };
    let Buyers { currency, buyers: known, names } = sheet.everybody(&definition.calendar).await?;
    let window = hold_window(&definition, reference, currency, &known, names);
    let took = began.elapsed();
    ensure!(window.closed.buyers == buyers, "the window counted {} buyers", window.closed.buyers);
    Ok(Run::new(took, vec![took], Spent::default()))
}

async fn ntile(db: &PgPool, merchant: MerchantId, buyers: u64) -> anyhow::Result<Run> {
    let began = Instant::now();
    let mut transaction = db.begin().await?;
    sqlx::query(WORKING_MEMORY).execute(&mut *transaction).await?;
    let counted: i64 = sqlx::query_scalar(NTILE).bind(merchant.0).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    let took = began.elapsed();
    ensure!(u64::try_from(counted)? == buyers, "the SQL counted {counted} buyers");
    Ok(Run::new(took, vec![took], Spent::default()))
}
