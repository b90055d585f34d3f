//! E-mail: templates, what was sent, what a merchant can set, and the doors of readers.
//!
//! | file | its idea |
//! |---|---|
//! | [`templates`] | the merchant's own words, by kind and language |
//! | [`preview`] | words filled in with sample values |
//! | [`events`] | how far each mail has come |
//! | [`settings`] | the `mail` section of the programme's settings |
//! | [`unsubscribe`] | the link in every mail |

pub mod events;
pub mod preview;
pub mod settings;
pub mod templates;
pub mod unsubscribe;
