//! E-mail, through the doors and a real mail server on a socket.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod by_hand;
mod consent;
mod due;
mod invitations;
pub mod kit;
mod milestones;
mod outcomes;
mod secured;
mod server;
mod templates;
