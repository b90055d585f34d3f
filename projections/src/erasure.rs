//! What forgetting somebody does to read models: which tables name people, and what of their rows goes.
//!
//! It is done twice, on purpose. The executor of a request does it at once, in every table, wherever its projection stands.
//! And each projection does it again where the log says so, because one that was behind, or is rebuilt, has just written the
//! rows anew. Both run the same statements, and the second finds nothing where the first was in time.
//!
//! The executor does it in every generation of a table; a projection does it in its own, which its connection says.

use std::{collections::BTreeMap, sync::Arc};

use aggregates::{
    Context,
    id::{CustomerId, MerchantId},
    merchant::MerchantEvent,
};
use journal::Positioned;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    generation::tables::{bare, complete_spares, spares},
    projection::{ProjectionError, events_of},
};

/// A table of the schema `read` that says something about merchants or people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// With the schema of the live generation.
    pub name: &'static str,
    /// The column that names a person; none where rows are about no person.
    pub person: Option<&'static str>,
    /// Columns with ciphertext under the person's key. Emptied when the person is forgotten.
    pub sealed: &'static [&'static str],
    /// Other columns of bytes: numbers, tokens under a key that goes. They stay, as what they say leads nowhere.
    pub plain_bytes: &'static [&'static str],
    /// Rows stay when the whole shop is forgotten, but for what is sealed in them: they prove that it was.
    pub survives_its_merchant: bool,
}

/// Every table that names a merchant. A test holds the list against the schema.
pub const TABLES: &[Table] = &[
    Table {
        name: "read.customers",
        person: Some("customer"),
        sealed: &["profile", "imported_referral"],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.balances",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &["purse"],
        survives_its_merchant: false,
    },
    Table {
        name: "read.points_transactions",
        person: Some("customer"),
        sealed: &["reference", "reason"],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.parked_webhooks", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.audit_logs",
        person: Some("customer"),
        sealed: &["reason"],
        plain_bytes: &[],
        survives_its_merchant: true,
    },
    Table { name: "read.books_days", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.books_time", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.rfm_orders",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &["order_token", "refunds"],
        survives_its_merchant: false,
    },
    Table {
        name: "read.rfm_closed_accounts",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.program_history", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.daily_totals", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.monthly_totals", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.rfm_shops", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.rfm_state", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.customer_segments",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.rfm_windows", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.rfm_segment_counts",
        person: None,
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.rfm_segment_deltas",
        person: None,
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.rfm_score_history",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.tier_bonuses",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.tier_gifts",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.vip_tiers", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.tier_state", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.tier_members",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.products", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.pos_offline_queue", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.customer_import_logs",
        person: None,
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.tier_history",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.customer_import_rejections",
        person: None,
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.campaigns", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.campaign_orders", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.campaign_shards", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.campaign_actions",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &["token"],
        survives_its_merchant: false,
    },
    Table { name: "read.parked_aggregates", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.referrals",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &["order_token"],
        survives_its_merchant: false,
    },
    Table {
        name: "read.referral_links",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.badges",
        person: Some("customer"),
        sealed: &["reason"],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.badge_programs", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.leaderboard_scores",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.leaderboard_shops", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.leaderboard_apart",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table {
        name: "read.queue_tasks",
        person: Some("customer"),
        sealed: &["sealed_payload"],
        plain_bytes: &["payload"],
        survives_its_merchant: false,
    },
    Table {
        name: "read.reward_redemptions",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.rewards", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table { name: "read.queue_clocks", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.email_events",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
    Table { name: "read.mail_shops", person: None, sealed: &[], plain_bytes: &[], survives_its_merchant: false },
    Table {
        name: "read.gdpr_requests",
        person: Some("customer"),
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: true,
    },
];

impl Table {
    fn named(name: &str) -> &'static Table {
        TABLES.iter().find(|table| table.name == name).expect("projections name their own tables")
    }

    /// What of these people is still sealed here; none for tables that hold nothing of the kind.
    fn still_sealed(&self) -> Option<String> {
        let person = self.person.filter(|_| !self.sealed.is_empty())?;
        let any = self.sealed.iter().map(|column| format!("{column} is not null")).collect::<Vec<_>>().join(" or ");
        Some(format!("merchant = $1 and {person} = any($2) and ({any})"))
    }

    /// What of these shops goes, rows or what is sealed in them; none for tables of which nothing does.
    fn goes_with_its_merchant(&self) -> Option<String> {
        if !self.survives_its_merchant {
            return Some("merchant = any($1)".to_owned());
        }
        let any = self.sealed.iter().map(|column| format!("{column} is not null")).collect::<Vec<_>>().join(" or ");
        (!any.is_empty()).then(|| format!("merchant = any($1) and ({any})"))
    }

    /// Empties what is sealed for people in one making of this table.
    fn emptied(&self, place: &str) -> Option<String> {
        let condition = self.still_sealed()?;
        Some(format!("update {place} set {} where {condition}", self.nothing_sealed()))
    }

    /// Every making of this table, by schema and name, the one that is read first.
    fn places(&self, spares: &[(String, String)]) -> Vec<String> {
        let spare = spares.iter().filter(|(_, table)| table == bare(self.name));
        let spare = spare.map(|(schema, table)| format!("{schema}.{table}"));
        std::iter::once(self.name.to_owned()).chain(spare).collect()
    }

    fn nothing_sealed(&self) -> String {
        self.sealed.iter().map(|column| format!("{column} = null")).collect::<Vec<_>>().join(", ")
    }
}

/// Empties what is sealed for these people in one table of the generation that this connection writes.
pub(crate) async fn scrub_own(
    connection: &mut PgConnection,
    table: &str,
    merchant: Uuid,
    people: &[Uuid],
) -> Result<u64, sqlx::Error> {
    scrub(connection, Table::named(table), bare(table), merchant, people).await
}

async fn scrub(
    connection: &mut PgConnection,
    table: &Table,
    place: &str,
    merchant: Uuid,
    people: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let Some(statement) = table.emptied(place) else { return Ok(0) };
    let changed = sqlx::query(AssertSqlSafe(statement)).bind(merchant).bind(people).execute(connection).await?;
    Ok(changed.rows_affected())
}

/// Empties what is sealed for these people in every making of every table; gives how many rows that changed, by table.
pub async fn scrub_people(
    db: &PgPool,
    merchant: MerchantId,
    people: &[CustomerId],
) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let people: Vec<Uuid> = people.iter().map(|person| person.0).collect();
    let mut transaction = db.begin().await?;
    let spares = spares(&mut transaction).await?;
    let mut rows = Vec::new();
    for table in TABLES.iter().filter(|table| table.still_sealed().is_some()) {
        let mut changed = 0;
        for place in table.places(&spares) {
            changed += scrub(&mut transaction, table, &place, merchant.0, &people).await?;
        }
        rows.push((table.name.to_owned(), changed));
    }
    transaction.commit().await?;
    Ok(rows)
}

/// Tables in which something is still sealed for these people, and how many were looked at.
pub async fn sealed_traces(
    db: &PgPool,
    merchant: MerchantId,
    people: &[CustomerId],
) -> Result<(Vec<&'static str>, u32), sqlx::Error> {
    let people: Vec<Uuid> = people.iter().map(|person| person.0).collect();
    let mut transaction = db.begin().await?;
    // One that is being filled has the fences still before it, and what is sealed in it opens no more than elsewhere.
    let spares = complete_spares(&mut transaction).await?;
    let (mut traces, mut looked_at) = (Vec::new(), 0);
    for table in TABLES {
        let Some(condition) = table.still_sealed() else { continue };
        let statement = any_of(&table.places(&spares), &condition);
        let found = sqlx::query_scalar(AssertSqlSafe(statement)).bind(merchant.0).bind(&people);
        looked_at += 1;
        if found.fetch_one(&mut *transaction).await? {
            traces.push(table.name);
        }
    }
    Ok((traces, looked_at))
}

/// Whether any of these places has a row like this.
fn any_of(places: &[String], condition: &str) -> String {
    let looks: Vec<String> =
        places.iter().map(|place| format!("exists (select from {place} where {condition})")).collect();
    format!("select {}", looks.join(" or "))
}

/// Lets a whole shop's rows go from every table, and from those that prove it what is sealed; gives how many, by table.
pub async fn forget_merchant(db: &PgPool, merchant: MerchantId) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let spares = spares(&mut transaction).await?;
    let mut rows = Vec::new();
    for table in TABLES.iter().filter(|table| table.goes_with_its_merchant().is_some()) {
        let mut gone = 0;
        for place in table.places(&spares) {
            gone += forget(&mut transaction, table, &place, &[merchant.0]).await?;
        }
        rows.push((table.name.to_owned(), gone));
    }
    transaction.commit().await?;
    Ok(rows)
}

/// Tables that still have something of a shop that was forgotten, and how many were looked at.
pub async fn merchant_traces(db: &PgPool, merchant: MerchantId) -> Result<(Vec<&'static str>, u32), sqlx::Error> {
    let mut transaction = db.begin().await?;
    let spares = complete_spares(&mut transaction).await?;
    let (mut traces, mut looked_at) = (Vec::new(), 0);
    for table in TABLES {
        let Some(condition) = table.goes_with_its_merchant() else { continue };
        let statement = any_of(&table.places(&spares), &condition);
        looked_at += 1;
        if sqlx::query_scalar(AssertSqlSafe(statement)).bind(vec![merchant.0]).fetch_one(&mut *transaction).await? {
            traces.push(table.name);
        }
    }
    Ok((traces, looked_at))
}

/// For a projection, after it has written a batch: customers of merchants, behind whose fence the batch has come, lose what
/// is sealed for them in its table. They get nothing sealed any more, so the end of the batch is early enough.
pub(crate) async fn scrub_fenced(
    connection: &mut PgConnection,
    table: &str,
    fenced: impl IntoIterator<Item = (MerchantId, Uuid)>,
) -> Result<(), sqlx::Error> {
    let mut people = BTreeMap::<MerchantId, Vec<Uuid>>::new();
    for (merchant, person) in fenced {
        people.entry(merchant).or_default().push(person);
    }
    for (merchant, people) in people {
        scrub_own(connection, table, merchant.0, &people).await?;
    }
    Ok(())
}

/// For a projection, after it has written a batch: shops of which the batch says that they are forgotten lose their rows
/// in its tables. To be told, a projection reads [`Context::Merchant`] besides its own.
pub(crate) async fn forget_merchants_of(
    connection: &mut PgConnection,
    tables: &[&str],
    batch: &[Arc<Positioned>],
) -> Result<(), ProjectionError> {
    let mut forgotten = Vec::new();
    for commit in batch {
        forgotten.extend(merchant_erased_by(commit)?.map(|merchant| merchant.0));
    }
    if !forgotten.is_empty() {
        for table in tables {
            forget_own(connection, table, &forgotten).await?;
        }
    }
    Ok(())
}

/// The shop of which this commit says that it is forgotten.
pub(crate) fn merchant_erased_by(commit: &Positioned) -> Result<Option<MerchantId>, ProjectionError> {
    if commit.subject.context != Context::Merchant {
        return Ok(None);
    }
    let erased = |event: &MerchantEvent| matches!(event, MerchantEvent::Erased(_));
    Ok(events_of::<MerchantEvent>(commit)?.iter().any(erased).then_some(commit.subject.merchant))
}

/// Lets whole shops' rows go from one table of the generation that this connection writes.
pub(crate) async fn forget_own(
    connection: &mut PgConnection,
    table: &str,
    merchants: &[Uuid],
) -> Result<u64, sqlx::Error> {
    forget(connection, Table::named(table), bare(table), merchants).await
}

async fn forget(
    connection: &mut PgConnection,
    table: &Table,
    place: &str,
    merchants: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let Some(condition) = table.goes_with_its_merchant() else { return Ok(0) };
    let statement = match table.survives_its_merchant {
        true => format!("update {place} set {} where {condition}", table.nothing_sealed()),
        false => format!("delete from {place} where {condition}"),
    };
    Ok(sqlx::query(AssertSqlSafe(statement)).bind(merchants).execute(connection).await?.rows_affected())
}
