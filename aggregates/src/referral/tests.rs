//! Given a referral, when something becomes known, then it is where it should be.

mod deciding;
mod kit;
mod laws;
mod paying;
