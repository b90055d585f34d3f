//! What an auditor and a data subject can read, through the doors: who did what, the books, any past state, and everything
//! held on a person.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod books;
mod catalogue;
mod commands;
mod data_report;
mod entries;
mod pages;
mod past;
mod told;
