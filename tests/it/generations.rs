//! Read models that are made anew beside what is read: they say the same, nobody waits for them, nothing stops them for good,
//! and whoever changes a row behind them is found out.

mod going_back;
mod interrupted;
pub mod kit;
mod parked;
mod restarts;
mod retention;
mod same_rows;
mod verified;
mod workers;
