//! What every test stands on: real servers, a gateway of this very process, and a shop that signs what it sends.
//!
//! NATS and PostgreSQL are started once for all tests and live on a runtime of their own, because a test's runtime ends
//! with the test. Tests keep apart by their merchants: each opens a [`Shop`] of its own. What a whole installation has
//! only once (its read models, its log) is tried on an [`Installation`] of the test's own.
//!
//! Nothing here sleeps. Whoever reads says which position the read model must have seen.

mod api;
mod explanation;
mod installation;
mod order;
mod runtime;
mod servers;
mod shop;
mod shopify_admin;
mod shopper;
mod webhook;

pub use api::{Answer, Api};
pub use explanation::Explanation;
pub use installation::Installation;
pub use order::{Order, Refund};
pub use runtime::shared as on_shared_runtime;
pub use shop::Shop;
pub use shopify_admin::{Credentials, Fault, StandIn, TokenFault};
pub use shopper::Shopper;
pub use webhook::{Delivery, Headers, Webhook};
