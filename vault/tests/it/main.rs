//! The vault against a real Postgres, one server for all tests of this binary and one database for each.

mod database;
mod deletions;
mod destruction;
mod dump;
mod enrolment;
mod guard;
mod handover;
mod intake;
mod invitations;
mod items;
mod kept;
mod leases;
mod merchants;
mod named;
mod openbao;
mod order_owners;
mod people;
mod rotation;
mod schema;
mod search;
mod store;
mod transfer;
mod waiting;
