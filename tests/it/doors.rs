//! The doors themselves: what they let in, what they turn away, and in which words.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod api_keys;
mod balances;
mod customers;
mod grpc;
mod health;
mod idempotency;
mod moments;
mod new_customers;
mod pages;
mod parked;
mod privacy;
mod problems;
mod program_history;
mod read_models;
mod restoring;
mod settings;
mod signatures;
mod tenants;
mod topics;
mod unusual_orders;
