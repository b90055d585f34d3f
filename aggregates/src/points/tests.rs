//! The points account, told as stories of shops and shoppers, and held against its laws.
//!
//! Whatever a story is about, every command in it is also checked for what must always hold: the purse is sound after
//! each event, a replay gives the live state, a snapshot gives it too, and the same command once more does nothing.

mod adjusting;
mod arriving;
mod boosting;
mod earning;
mod forfeiting;
mod framework;
mod granting;
mod importing;
mod kit;
mod laws;
mod merging;
mod owing;
mod packing;
mod passing_of_time;
mod refunding;
mod reserving;
mod spending;
mod using_codes;
