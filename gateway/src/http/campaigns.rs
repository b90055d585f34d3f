//! Campaigns: made, changed, ended; what each has given; and actions that earn points by them.
//!
//! | file | its idea |
//! |---|---|
//! | [`document`] | a campaign as read and as written |
//! | [`resource`] | `/v1/campaigns` |
//! | [`restore`] | an earlier version of one, as its next |
//! | [`actions`] | `POST /v1/customers/{id}/actions` |
//! | [`birthday`] | `/v1/customers/{id}/birthday` |

pub mod actions;
pub mod birthday;
pub mod document;
pub mod resource;
pub mod restore;
