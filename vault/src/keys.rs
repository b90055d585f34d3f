//! What callers seal and open with. Each kind of key has an owner: a merchant, a person, a single item, or
//! the installation itself.

mod installation;
mod item;
mod link;
mod merchant;
mod person;
mod sealing;
mod signing;

pub use installation::InstallationKeys;
pub use item::ItemKeys;
pub use link::LinkKey;
pub use merchant::MerchantKeys;
pub use person::{PersonKeys, PersonState};
pub use sealing::{key_of, owner_of};
pub use signing::SigningKey;

pub(crate) use merchant::LookupKey;
pub(crate) use person::PERSON_SECRET_BYTES;
