//! Customers from a file. Handing it in and carrying it out are two things: the file comes to rest first, sealed, in pieces
//! of whole records; then the pieces are taken one after the other, by whichever process gets to it, and again by another
//! if that one dies.

mod carry_out;
mod importee;
mod pieces;
mod upload;

pub use carry_out::{CarriedOut, REFERRAL_TAG, Watch};
pub use upload::{HandedIn, ImportOptions, UploadError, subject_of};
