//! The vault against a real Postgres, one server for all tests of this binary and one database for each.

mod database;
mod enrolment;
mod items;
mod kept;
mod leases;
mod order_owners;
mod people;
mod schema;
mod search;
mod store;
mod waiting;
