//! Keys on their way to another installation. They leave in parcels, each closed under the public key of one recipient, and
//! lie nowhere in the open: not in the file, not on the way to it. Bucket keys stay where they are. What arrives is wrapped
//! under keys of the installation that takes it over, in buckets of its own; of the merchant's own keys the earlier generations come
//! along, because the log holds what was sealed under them, and a new one seals from then on.
//!
//! | file | its idea |
//! |---|---|
//! | `recipient` | for whom: a pair of X25519 keys in the form that everybody's tools have |
//! | `parcel` | a piece of what goes along, and its envelope (HPKE, RFC 9180) |
//! | `pack` | reading everything of a merchant, piece by piece |
//! | `unpack` | taking a piece over; doing it again changes nothing |

mod pack;
mod parcel;
mod recipient;
mod unpack;

pub use pack::Packing;
pub use parcel::Parcel;
pub(crate) use parcel::{KeyBytes, MerchantSecrets};
pub use recipient::{NotAKey, Recipient, RecipientSecret};
pub use unpack::{TransferError, Unpacked};
