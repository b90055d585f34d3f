//! What forgetting somebody does to read models: which tables name people, and what of their rows goes.
//!
//! It is done twice, on purpose. The executor of a request does it at once, in every table, wherever its projection stands.
//! And each projection does it again where the log says so, because one that was behind, or is rebuilt, has just written the
//! rows anew. Both run the same statements, and the second finds nothing where the first was in time.

use std::{collections::BTreeMap, sync::Arc};

use aggregates::{
    Context,
    id::{CustomerId, MerchantId},
    merchant::MerchantEvent,
};
use journal::Positioned;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;

use crate::projection::{ProjectionError, events_of};

/// A table of the schema `read` that says something about merchants or people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// With its schema.
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
        name: "read.customer_import_rejections",
        person: None,
        sealed: &[],
        plain_bytes: &[],
        survives_its_merchant: false,
    },
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

    fn emptied(&self) -> Option<String> {
        let condition = self.still_sealed()?;
        Some(format!("update {} set {} where {condition}", self.name, self.nothing_sealed()))
    }

    fn nothing_sealed(&self) -> String {
        self.sealed.iter().map(|column| format!("{column} = null")).collect::<Vec<_>>().join(", ")
    }
}

/// Empties what is sealed for these people in one table.
pub(crate) async fn scrub(
    connection: &mut PgConnection,
    table: &str,
    merchant: MerchantId,
    people: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let Some(statement) = Table::named(table).emptied() else { return Ok(0) };
    let changed = sqlx::query(AssertSqlSafe(statement)).bind(merchant.0).bind(people).execute(connection).await?;
    Ok(changed.rows_affected())
}

/// Empties what is sealed for these people in every table; gives how many rows that changed, by table.
pub async fn scrub_people(
    db: &PgPool,
    merchant: MerchantId,
    people: &[CustomerId],
) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let people: Vec<Uuid> = people.iter().map(|person| person.0).collect();
    let mut transaction = db.begin().await?;
    let mut rows = Vec::new();
    for table in TABLES.iter().filter(|table| table.still_sealed().is_some()) {
        rows.push((table.name.to_owned(), scrub(&mut transaction, table.name, merchant, &people).await?));
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
    let (mut traces, mut looked_at) = (Vec::new(), 0);
    for table in TABLES {
        let Some(condition) = table.still_sealed() else { continue };
        let statement = format!("select exists (select from {} where {condition})", table.name);
        let found: bool =
            sqlx::query_scalar(AssertSqlSafe(statement)).bind(merchant.0).bind(&people).fetch_one(db).await?;
        looked_at += 1;
        if found {
            traces.push(table.name);
        }
    }
    Ok((traces, looked_at))
}

/// Lets a whole shop's rows go from every table, and from those that prove it what is sealed; gives how many, by table.
pub async fn forget_merchant(db: &PgPool, merchant: MerchantId) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let mut rows = Vec::new();
    for table in TABLES.iter().filter(|table| table.goes_with_its_merchant().is_some()) {
        rows.push((table.name.to_owned(), forget(&mut transaction, table, &[merchant.0]).await?));
    }
    transaction.commit().await?;
    Ok(rows)
}

/// Tables that still have something of a shop that was forgotten, and how many were looked at.
pub async fn merchant_traces(db: &PgPool, merchant: MerchantId) -> Result<(Vec<&'static str>, u32), sqlx::Error> {
    let (mut traces, mut looked_at) = (Vec::new(), 0);
    for table in TABLES {
        let Some(condition) = table.goes_with_its_merchant() else { continue };
        let statement = format!("select exists (select from {} where {condition})", table.name);
        let found: bool = sqlx::query_scalar(AssertSqlSafe(statement)).bind(vec![merchant.0]).fetch_one(db).await?;
        looked_at += 1;
        if found {
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
        scrub(connection, table, merchant, &people).await?;
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
    for commit in batch.iter().filter(|commit| commit.subject.context == Context::Merchant) {
        let erased = |event: &MerchantEvent| matches!(event, MerchantEvent::Erased(_));
        if events_of::<MerchantEvent>(commit)?.iter().any(erased) {
            forgotten.push(commit.subject.merchant.0);
        }
    }
    if !forgotten.is_empty() {
        for table in tables {
            forget(connection, Table::named(table), &forgotten).await?;
        }
    }
    Ok(())
}

async fn forget(connection: &mut PgConnection, table: &Table, merchants: &[Uuid]) -> Result<u64, sqlx::Error> {
    let Some(condition) = table.goes_with_its_merchant() else { return Ok(0) };
    let statement = match table.survives_its_merchant {
        true => format!("update {} set {} where {condition}", table.name, table.nothing_sealed()),
        false => format!("delete from {} where {condition}", table.name),
    };
    Ok(sqlx::query(AssertSqlSafe(statement)).bind(merchants).execute(connection).await?.rows_affected())
}
