//! The tables of a generation that is not live: made like those that are, in a schema of their own.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::LIVE_SCHEMA;

/// A table's name without its schema: what a writer calls it.
pub(crate) fn bare(table: &str) -> &str {
    table.rsplit_once('.').map_or(table, |(_, name)| name)
}

/// Makes the tables of a new generation, like the live ones, without their indexes. Where those are spread over time, so
/// are these.
pub(super) async fn create(db: &mut PgConnection, schema: &str, tables: &[&str]) -> Result<(), sqlx::Error> {
    execute(db, format!("create schema {schema}")).await?;
    for table in tables.iter().map(|table| bare(table)) {
        let like = format!("{LIVE_SCHEMA}.{table} including all excluding indexes");
        execute(db, format!("create table {schema}.{table} (like {like})")).await?;
        if let Some(options) = options(db, table).await? {
            execute(db, format!("alter table {schema}.{table} set ({options})")).await?;
        }
        spread_over_time(db, schema, table).await?;
    }
    Ok(())
}

/// Storage options, which are not taken over otherwise.
async fn options(db: &mut PgConnection, table: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select array_to_string(reloptions, ', ') from pg_class where oid = $1::regclass")
        .bind(format!("{LIVE_SCHEMA}.{table}"))
        .fetch_one(db)
        .await
}

async fn spread_over_time(db: &mut PgConnection, schema: &str, table: &str) -> Result<(), sqlx::Error> {
    let has_timescale: bool =
        sqlx::query_scalar("select exists (select from pg_extension where extname = 'timescaledb')")
            .fetch_one(&mut *db)
            .await?;
    if !has_timescale {
        return Ok(());
    }
    let dimension = sqlx::query(
        "select column_name::text as name, extract(epoch from time_interval)::bigint as seconds
           from timescaledb_information.dimensions
          where hypertable_schema = $1 and hypertable_name = $2 and time_interval is not null",
    )
    .bind(LIVE_SCHEMA)
    .bind(table)
    .fetch_optional(&mut *db)
    .await?;
    let Some(dimension) = dimension else { return Ok(()) };
    let (column, seconds): (String, i64) = (dimension.try_get("name")?, dimension.try_get("seconds")?);
    sqlx::query(
        "select from create_hypertable($1::regclass, by_range($2::name, make_interval(secs => $3)),
            create_default_indexes => false)",
    )
    .bind(format!("{schema}.{table}"))
    .bind(column)
    .bind(seconds)
    .execute(db)
    .await
    .map(drop)
}

/// Gives the tables all keys and indexes of the live ones, under the same names: migrations know them by those.
pub(super) async fn index(db: &mut PgConnection, schema: &str, tables: &[&str]) -> Result<(), sqlx::Error> {
    for table in tables.iter().map(|table| bare(table)) {
        for statement in keys(db, schema, table).await?.into_iter().chain(indexes(db, schema, table).await?) {
            execute(db, statement).await?;
        }
        execute(db, format!("analyze {schema}.{table}")).await?;
    }
    Ok(())
}

async fn keys(db: &mut PgConnection, schema: &str, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select format('alter table %I.%I add constraint %I %s', $1::text, $2::text, conname, pg_get_constraintdef(oid))
           from pg_constraint where conrelid = $3::regclass and contype in ('p', 'u', 'x') order by contype, conname",
    )
    .bind(schema)
    .bind(table)
    .bind(format!("{LIVE_SCHEMA}.{table}"))
    .fetch_all(db)
    .await
}

/// Those that no key brings. The database writes an index down with its table's full name, once.
async fn indexes(db: &mut PgConnection, schema: &str, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select regexp_replace(pg_get_indexdef(indexrelid), ' ON (ONLY )?' || $4 || '\\.', ' ON ' || $1 || '.')
           from pg_index
          where indrelid = $3::regclass
            and not exists (select from pg_constraint where conindid = indexrelid and conrelid = $3::regclass)
            and not exists (select from pg_constraint where conrelid = ($1 || '.' || $2)::regclass and conname =
                    (select relname from pg_class where oid = indexrelid))
          order by indexrelid::regclass::text",
    )
    .bind(schema)
    .bind(table)
    .bind(format!("{LIVE_SCHEMA}.{table}"))
    .bind(LIVE_SCHEMA)
    .fetch_all(db)
    .await
}

/// Tables of this schema that do not have the columns of the live ones: they were made before an upgrade.
pub(crate) async fn of_another_shape(
    db: &mut PgConnection,
    schema: &str,
    tables: &[&str],
) -> Result<Vec<String>, sqlx::Error> {
    let names: Vec<&str> = tables.iter().map(|table| bare(table)).collect();
    sqlx::query_scalar(
        "with columns as (
            select table_schema, table_name::text,
                   array_agg((column_name, udt_name, is_nullable)::text order by column_name) as shape
              from information_schema.columns
             where table_schema in ($1, $2) and table_name = any($3) group by 1, 2)
         select live.table_name from columns live
           left join columns spare on spare.table_schema = $1 and spare.table_name = live.table_name
          where live.table_schema = $2 and spare.shape is distinct from live.shape order by 1",
    )
    .bind(schema)
    .bind(LIVE_SCHEMA)
    .bind(names)
    .fetch_all(db)
    .await
}

/// Every table of a generation that is not live, as schema and name.
pub(crate) async fn spares(db: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "select schemaname::text, tablename::text from pg_tables where starts_with(schemaname, 'spare_') order by 1, 2",
    )
    .fetch_all(db)
    .await
}

/// Drops a generation's tables.
pub(crate) async fn drop_all(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    execute(db, format!("drop schema if exists {schema} cascade")).await
}

/// Names in these statements are those of our own code and of the catalogue.
pub(super) async fn execute(db: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(db).await.map(drop)
}
