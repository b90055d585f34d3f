//! VIP tiers: which there are, how many are in each, where one customer stands and what the next tier asks for.
//!
//! | file | its idea |
//! |---|---|
//! | [`settings`] | the `vip_tiers` section of the programme's settings |
//! | [`definition`] | the tiers as a resource of their own: read, written, undone |
//! | [`preview`] | what other tiers would do |
//! | [`customer`] | one customer's tier, now and as of any past moment |
//! | [`given`] | a tier by hand, and its undo |
//! | [`history`] | one customer's moves |

pub mod customer;
pub mod definition;
pub mod given;
pub mod history;
pub mod preview;
pub mod settings;
