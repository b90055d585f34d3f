//! Trees and hashes in tables.

use std::collections::BTreeMap;

use proofs::{Frontier, Hash, hash::HASH_BYTES};
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    TreeId,
    growth::{Growth, NewHash, Tree},
};
use crate::{
    projection::ProjectionError,
    sql::{bigint, position},
};

const TREE: &str = "proof.tree";
const HASH: &str = "proof.hash";

/// A leaf as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredLeaf {
    pub tree: TreeId,
    pub index: u64,
    pub hash: Hash,
    /// Where in the journal its commit stands.
    pub position: u64,
}

/// A tree as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTree {
    pub tree: TreeId,
    pub size: u64,
    pub root: Hash,
}

/// Of these trees those that there are.
pub(super) async fn load(db: impl PgExecutor<'_>, trees: &[Uuid]) -> Result<BTreeMap<Uuid, Tree>, ProjectionError> {
    let rows = sqlx::query("select tree, size, frontier, adoptions from proof.tree where tree = any($1)")
        .bind(trees)
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("tree")?, tree(row)?))).collect()
}

fn tree(row: &PgRow) -> Result<Tree, ProjectionError> {
    let frontier = Frontier::restore(position(row.try_get("size")?), row.try_get("frontier")?);
    Ok(Tree { frontier: frontier.ok_or(ProjectionError::BadRow(TREE))?, adoptions: row.try_get("adoptions")? })
}

/// What has grown, in the caller's transaction.
pub(super) async fn save(transaction: &mut PgConnection, growth: &Growth) -> Result<(), ProjectionError> {
    insert(&mut *transaction, &growth.hashes).await?;
    let trees = || growth.trees.values();
    sqlx::query(
        "insert into proof.tree (tree, size, frontier, adoptions)
         select * from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::integer[])
         on conflict (tree) do update
            set size = excluded.size, frontier = excluded.frontier, adoptions = excluded.adoptions",
    )
    .bind(growth.trees.keys().copied().collect::<Vec<_>>())
    .bind(trees().map(|tree| bigint(tree.frontier.size())).collect::<Vec<_>>())
    .bind(trees().map(|tree| tree.frontier.to_bytes()).collect::<Vec<_>>())
    .bind(trees().map(|tree| tree.adoptions).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

async fn insert(db: impl PgExecutor<'_>, hashes: &[NewHash]) -> Result<(), sqlx::Error> {
    let inserted = sqlx::query(
        "insert into proof.hash (tree, level, number, hash, position)
         select * from unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bytea[], $5::bigint[])",
    )
    .bind(hashes.iter().map(|hash| hash.tree).collect::<Vec<_>>())
    .bind(hashes.iter().map(|hash| hash.level).collect::<Vec<_>>())
    .bind(hashes.iter().map(|hash| bigint(hash.number)).collect::<Vec<_>>())
    .bind(hashes.iter().map(|hash| hash.hash.0.to_vec()).collect::<Vec<_>>())
    .bind(hashes.iter().map(|hash| hash.position.map(bigint)).collect::<Vec<_>>());
    inserted.execute(db).await.map(drop)
}

/// All trees, by name, that of the top log last.
pub async fn trees(db: impl PgExecutor<'_>) -> Result<Vec<StoredTree>, ProjectionError> {
    let rows =
        sqlx::query("select tree, size, frontier, adoptions from proof.tree order by tree").fetch_all(db).await?;
    let stored = |row: &PgRow| {
        let frontier = tree(row)?.frontier;
        Ok(StoredTree { tree: TreeId(row.try_get("tree")?), size: frontier.size(), root: frontier.root() })
    };
    rows.iter().map(stored).collect()
}

/// How often a log was adopted, as far as the trees have seen it.
pub async fn adoptions(db: impl PgExecutor<'_>) -> Result<u32, sqlx::Error> {
    let adoptions: Option<i32> = sqlx::query_scalar("select adoptions from proof.tree where tree = $1")
        .bind(Uuid::nil())
        .fetch_optional(db)
        .await?;
    Ok(adoptions.and_then(|adoptions| u32::try_from(adoptions).ok()).unwrap_or(0))
}

/// The leaves of commits after a position, of all trees or of one, in the journal's order, at most so many.
pub async fn leaves_after(
    db: impl PgExecutor<'_>,
    after: u64,
    only: Option<TreeId>,
    limit: i64,
) -> Result<Vec<StoredLeaf>, ProjectionError> {
    // As columns, in one row: whoever verifies reads millions of them.
    let row = sqlx::query(
        "select array_agg(tree order by position) as trees, array_agg(number order by position) as numbers,
                string_agg(hash, ''::bytea order by position) as hashes,
                array_agg(position order by position) as positions
           from (select tree, number, hash, position from proof.hash
                  where position > $1 and ($2::uuid is null or tree = $2) order by position limit $3) as page",
    )
    .bind(bigint(after))
    .bind(only.map(|tree| tree.0))
    .bind(limit)
    .fetch_one(db)
    .await?;
    let Some(trees) = row.try_get::<Option<Vec<Uuid>>, _>("trees")? else { return Ok(Vec::new()) };
    let (numbers, positions): (Vec<i64>, Vec<i64>) = (row.try_get("numbers")?, row.try_get("positions")?);
    let hashes = row.try_get::<&[u8], _>("hashes")?.chunks(HASH_BYTES).map(Hash::from_bytes);
    let hashes: Option<Vec<Hash>> = hashes.collect();
    let hashes = hashes.filter(|hashes| hashes.len() == trees.len()).ok_or(ProjectionError::BadRow(HASH))?;
    let leaves = trees.into_iter().zip(numbers).zip(hashes).zip(positions).map(|(((tree, number), hash), at)| {
        StoredLeaf { tree: TreeId(tree), index: position(number), hash, position: position(at) }
    });
    Ok(leaves.collect())
}

/// The leaf of the commit at a position, if it is in this tree.
pub async fn leaf_at(
    db: impl PgExecutor<'_>,
    tree: TreeId,
    position: u64,
) -> Result<Option<StoredLeaf>, ProjectionError> {
    let row = sqlx::query("select tree, number, hash, position from proof.hash where position = $1 and tree = $2")
        .bind(bigint(position))
        .bind(tree.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(leaf).transpose()
}

fn leaf(row: &PgRow) -> Result<StoredLeaf, ProjectionError> {
    Ok(StoredLeaf {
        tree: TreeId(row.try_get("tree")?),
        index: position(row.try_get("number")?),
        hash: hash(row)?,
        position: position(row.try_get("position")?),
    })
}

/// Everything above the leaves of a tree, as `(level, number, hash)`: one for each 256 leaves, and few more.
pub async fn upper_hashes(db: impl PgExecutor<'_>, tree: TreeId) -> Result<Vec<(u8, u64, Hash)>, ProjectionError> {
    let rows = sqlx::query("select level, number, hash from proof.hash where tree = $1 and level > 0 order by 1, 2")
        .bind(tree.0)
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| Ok((level(row)?, position(row.try_get("number")?), hash(row)?))).collect()
}

/// Hashes of a tree in these ranges of one level each: `(level, first number, number after the last)`.
pub(super) async fn ranges(
    db: impl PgExecutor<'_>,
    tree: TreeId,
    ranges: &[(u8, u64, u64)],
) -> Result<Vec<(u8, u64, Hash)>, ProjectionError> {
    let rows = sqlx::query(
        "select stored.level, stored.number, stored.hash
           from unnest($2::smallint[], $3::bigint[], $4::bigint[]) as wanted (level, first, past)
           join proof.hash stored on stored.tree = $1 and stored.level = wanted.level
            and stored.number >= wanted.first and stored.number < wanted.past",
    )
    .bind(tree.0)
    .bind(ranges.iter().map(|(level, _, _)| i16::from(*level)).collect::<Vec<_>>())
    .bind(ranges.iter().map(|(_, first, _)| bigint(*first)).collect::<Vec<_>>())
    .bind(ranges.iter().map(|(_, _, past)| bigint(*past)).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((level(row)?, position(row.try_get("number")?), hash(row)?))).collect()
}

fn level(row: &PgRow) -> Result<u8, ProjectionError> {
    u8::try_from(row.try_get::<i16, _>("level")?).map_err(|_| ProjectionError::BadRow(HASH))
}

fn hash(row: &PgRow) -> Result<Hash, ProjectionError> {
    Hash::from_bytes(row.try_get("hash")?).ok_or(ProjectionError::BadRow(HASH))
}
