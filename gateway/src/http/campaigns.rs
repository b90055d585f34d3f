//! Campaigns: made, changed, ended; what each has given; and actions that earn points by them.
//!
//! | file | its idea |
//! |---|---|
//! | [`document`] | a campaign as read and as written |
//! | [`resource`] | `/v1/campaigns` |
//! | [`actions`] | `POST /v1/customers/{id}/actions` |

pub mod actions;
pub mod document;
pub mod resource;
