//! E-mail, through the doors and a real mail server on a socket.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod consent;
mod due;
mod kit;
mod outcomes;
mod secured;
mod server;
mod templates;
