//! `points_transactions` once more. Every account's lines are hashed and summed up, on both sides and in whatever order they come:
//! sorting a table of millions would cost more than all the rest. Whose sums differ is looked at line by line. The hash is
//! keyed with something random, so that nobody can have made a table that only looks right.
//!
//! References and reasons are sealed, and erasure empties them: they are not compared.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use aggregates::{
    id::{CustomerId, MerchantId},
    points::PointsEvent,
    time::Timestamp,
};
use journal::{Journal, JournalError, Positioned, Subject};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{Deviation, Difference, Moment, RederiveError, held::Key};
use crate::{
    copied::{self, Fields},
    points_transactions::{LedgerRow, PointsTransactions, lines_of},
    projection::{ProjectionError, events_of},
    sql::position,
};

const COLUMNS: &str = "merchant, customer, position, line, id, type, points, recorded_at, occurred_at, available_at,
                       reference_kind, reference_id";
const COLUMN_COUNT: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Line<'a> {
    position: u64,
    line: i16,
    id: Uuid,
    kind: Cow<'a, str>,
    points: i64,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    available_at: Option<Timestamp>,
    reference_kind: Cow<'a, str>,
    reference_id: Option<Uuid>,
}

/// Of an account's lines, whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    lines: u64,
    hashes: u64,
}

impl Sum {
    fn add(&mut self, hash: u64) {
        self.lines += 1;
        self.hashes = self.hashes.wrapping_add(hash);
    }
}

/// Of all accounts.
pub(super) type Sums = HashMap<Key, Sum>;

pub(super) struct Ledger {
    up_to: u64,
    /// Older lines need not be there any more.
    kept_from: Timestamp,
    keyed: RandomState,
    derived: Sums,
}

impl Ledger {
    pub fn up_to(up_to: u64, kept_from: Timestamp) -> Self {
        Ledger { up_to, kept_from, keyed: RandomState::new(), derived: HashMap::new() }
    }

    pub fn take_in(&mut self, commit: &Positioned, customer: Uuid, events: &[PointsEvent]) {
        if commit.position > self.up_to || commit.commit.recorded_at < self.kept_from {
            return;
        }
        let mut lines = derived_lines(commit, customer, events).peekable();
        if lines.peek().is_some() {
            let sum = self.derived.entry((commit.subject.merchant.0, customer)).or_default();
            lines.for_each(|line| sum.add(self.keyed.hash_one(&line)));
        }
    }

    /// Sums up the rows of a moment, in a transaction that sees it.
    pub fn lines_there(
        &self,
        moment: Moment,
        mut db: Transaction<'static, Postgres>,
    ) -> impl Future<Output = Result<Sums, ProjectionError>> + Send + use<> {
        let (keyed, kept_from) = (self.keyed.clone(), self.kept_from);
        async move {
            let mut there = Sums::new();
            let query = format!("select {COLUMNS} from read.points_transactions{}", moment.condition());
            copied::read(&mut db, &query, COLUMN_COUNT, |row| {
                let line = Line::read(row)?;
                if line.recorded_at < kept_from {
                    return Ok(());
                }
                let hash = keyed.hash_one(line);
                there.entry((row.uuid(0)?, row.uuid(1)?)).or_default().add(hash);
                Ok(())
            })
            .await?;
            Ok(there)
        }
    }

    /// Every line that differs, is missing or was invented. Of shops that are forgotten, rows may be gone.
    pub async fn compare(
        self,
        there: Sums,
        journal: &Journal,
        moment: &Moment,
        forgotten: &HashSet<MerchantId>,
    ) -> Result<Vec<Deviation>, RederiveError> {
        let differs = |key: &&Key| self.derived.get(key) != there.get(key);
        let is_gone = |key: &&Key| forgotten.contains(&MerchantId(key.0)) && !there.contains_key(key);
        let suspects = self.derived.keys().chain(there.keys()).filter(differs).filter(|key| !is_gone(key));
        let suspects: BTreeSet<Key> = suspects.copied().collect();
        let mut found = Vec::new();
        if suspects.is_empty() {
            return Ok(found);
        }
        let mut db = moment.open().await.map_err(ProjectionError::from)?;
        for account in suspects {
            compare_lines(account, (self.up_to, self.kept_from), journal, &mut db, &mut found).await?;
        }
        found.sort_by_key(|deviation| deviation.position);
        Ok(found)
    }
}

/// One account, line by line.
async fn compare_lines(
    (merchant, customer): Key,
    (up_to, kept_from): (u64, Timestamp),
    journal: &Journal,
    db: &mut PgConnection,
    deviations: &mut Vec<Deviation>,
) -> Result<(), RederiveError> {
    let mut there: HashMap<(u64, i16), Line<'static>> = HashMap::new();
    let query = format!(
        "select {COLUMNS} from read.points_transactions where merchant = '{merchant}' and customer = '{customer}'"
    );
    copied::read(db, &query, COLUMN_COUNT, |row| {
        let line = Line::read(row)?.into_owned();
        if line.recorded_at >= kept_from {
            there.insert((line.position, line.line), line);
        }
        Ok(())
    })
    .await?;
    let mut found = Vec::new();
    let mut find = |position: u64, difference: Difference| {
        let (read_model, merchant) = (PointsTransactions::NAME, MerchantId(merchant));
        found.push(Deviation { read_model, merchant, customer, position, difference });
    };
    let subject = Subject::points(MerchantId(merchant), CustomerId(customer));
    let commits = match journal.read(&subject, 0).await {
        Err(JournalError::Poison(poison)) => {
            find(poison.position, Difference::Unreadable);
            deviations.extend(found);
            return Ok(());
        }
        commits => commits?,
    };
    let kept = |commit: &&Positioned| commit.position <= up_to && commit.commit.recorded_at >= kept_from;
    for commit in commits.iter().filter(kept) {
        let Ok(events) = events_of::<PointsEvent>(commit) else {
            there.retain(|(position, _), _| *position != commit.position);
            find(commit.position, Difference::Unreadable);
            continue;
        };
        for derived in derived_lines(commit, customer, &events) {
            match there.remove(&(derived.position, derived.line)) {
                None => find(derived.position, Difference::Missing),
                Some(there) => {
                    let column = derived.other_column(&there);
                    column.into_iter().for_each(|column| find(derived.position, Difference::Differs(column)));
                }
            }
        }
    }
    there.into_values().for_each(|invented| find(invented.position, Difference::Invented));
    found.sort_by_key(|deviation| deviation.position);
    deviations.extend(found);
    Ok(())
}

fn derived_lines<'a>(
    commit: &'a Positioned,
    customer: Uuid,
    events: &'a [PointsEvent],
) -> impl Iterator<Item = Line<'static>> + 'a {
    let lines = events.iter().flat_map(|event| lines_of(event, commit.commit.recorded_at));
    lines.enumerate().map(move |(index, line)| Line::of(&LedgerRow { commit, customer, index, line }))
}

impl<'a> Line<'a> {
    fn of(row: &LedgerRow<'_>) -> Line<'static> {
        Line {
            position: row.commit.position,
            line: row.number(),
            id: row.id(),
            kind: row.line.kind.as_str().into(),
            points: row.line.points,
            recorded_at: row.commit.commit.recorded_at,
            occurred_at: row.line.occurred_at,
            available_at: row.line.available_at,
            reference_kind: row.line.reference.kind().into(),
            reference_id: row.line.reference.id(),
        }
    }

    fn read(row: &Fields<'a>) -> Result<Self, ProjectionError> {
        Ok(Line {
            position: position(row.bigint(2)?),
            line: row.smallint(3)?,
            id: row.uuid(4)?,
            kind: row.text(5)?.into(),
            points: row.bigint(6)?,
            recorded_at: row.timestamp(7)?,
            occurred_at: row.timestamp(8)?,
            available_at: row.unless_null(9, Fields::timestamp)?,
            reference_kind: row.text(10)?.into(),
            reference_id: row.unless_null(11, Fields::uuid)?,
        })
    }

    fn into_owned(self) -> Line<'static> {
        let (kind, reference_kind) = (self.kind.into_owned().into(), self.reference_kind.into_owned().into());
        Line { kind, reference_kind, ..self }
    }

    fn other_column(&self, there: &Line<'_>) -> Option<&'static str> {
        let differs = [
            ("points", self.points != there.points),
            ("type", self.kind != there.kind),
            ("id", self.id != there.id),
            ("recorded_at", self.recorded_at != there.recorded_at),
            ("occurred_at", self.occurred_at != there.occurred_at),
            ("available_at", self.available_at != there.available_at),
            ("reference_kind", self.reference_kind != there.reference_kind),
            ("reference_id", self.reference_id != there.reference_id),
        ];
        differs.into_iter().find(|(_, differs)| *differs).map(|(column, _)| column)
    }
}
