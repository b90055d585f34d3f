//! Roles and databases inside a running server.

use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::{Flavour, PostgresServer};
use crate::servers::{Secret, ServerError};

/// The superuser made by `initdb`; also the name of the file with its password.
pub(super) const OPERATOR: &str = "operator";
/// Role and database of the application.
const APPLICATION: &str = "loyalnest";
/// The file with the application role's password.
pub(super) const APPLICATION_SECRET: &str = "secret";
/// The database every server has, and the one that new ones are copied from.
const ALWAYS_THERE: &str = "postgres";
const TEMPLATE: &str = "template1";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    Operator,
    Application,
}

/// How to get into one database.
pub(super) struct Credentials {
    role: &'static str,
    password: Secret,
    port: u16,
    database: String,
}

impl Credentials {
    pub(super) fn url(&self) -> String {
        format!("postgres://{}:{}@127.0.0.1:{}/{}", self.role, self.password.expose(), self.port, self.database)
    }

    /// Which data directory the server that answers here works on.
    pub(super) async fn data_directory(&self) -> Result<PathBuf, sqlx::Error> {
        let mut connection = self.connect().await?;
        let (directory,): (String,) = sqlx::query_as("show data_directory").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(PathBuf::from(directory))
    }

    pub(super) fn in_database(self, database: &str) -> Credentials {
        Credentials { database: database.to_owned(), ..self }
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(self.role)
            .password(self.password.expose())
            .database(&self.database)
            .ssl_mode(PgSslMode::Disable)
            // One of the statements below carries a password.
            .disable_statement_logging()
            .connect()
            .await
    }
}

impl PostgresServer {
    pub(super) fn login(&self, login: Login) -> Credentials {
        let (role, password, database) = match login {
            Login::Operator => (OPERATOR, &self.operator_secret, ALWAYS_THERE),
            Login::Application => (APPLICATION, &self.secret, APPLICATION),
        };
        Credentials { role, password: password.clone(), port: self.port, database: database.to_owned() }
    }

    /// Makes what is missing; does nothing on later starts.
    pub(super) async fn prepare_databases(&self) -> Result<(), ServerError> {
        let prepare = async {
            self.make_role().await?;
            // Before the database, which is a copy of the template.
            self.make_extension_in(TEMPLATE).await?;
            self.make_database().await?;
            self.make_extension_in(APPLICATION).await
        };
        prepare.await.map_err(|source| ServerError::Database { server: "PostgreSQL", source })
    }

    async fn make_role(&self) -> Result<(), sqlx::Error> {
        let mut operator = self.login(Login::Operator).connect().await?;
        let (exists,): (bool,) = sqlx::query_as("select exists (select from pg_roles where rolname = $1)")
            .bind(APPLICATION)
            .fetch_one(&mut operator)
            .await?;
        if !exists {
            // A secret is hexadecimal: nothing in it needs quoting.
            let statement = format!("create role {APPLICATION} login createdb password '{}'", self.secret.expose());
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut operator).await?;
        }
        operator.close().await
    }

    async fn make_database(&self) -> Result<(), sqlx::Error> {
        let mut operator = self.login(Login::Operator).connect().await?;
        let (exists,): (bool,) = sqlx::query_as("select exists (select from pg_database where datname = $1)")
            .bind(APPLICATION)
            .fetch_one(&mut operator)
            .await?;
        if !exists {
            let statement = format!("create database {APPLICATION} owner {APPLICATION}");
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut operator).await?;
        }
        operator.close().await
    }

    /// Only a superuser may create it; the application finds it there.
    async fn make_extension_in(&self, database: &str) -> Result<(), sqlx::Error> {
        if self.flavour == Flavour::Plain {
            return Ok(());
        }
        let mut operator = self.login(Login::Operator).in_database(database).connect().await?;
        sqlx::raw_sql("create extension if not exists timescaledb").execute(&mut operator).await?;
        operator.close().await
    }
}
