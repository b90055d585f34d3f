//! Why a row was turned away: where it stands, which column, and what is wrong. Never what it says: a report is kept, and
//! files are full of people.

use serde::{Deserialize, Serialize};

/// A row that was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Line of the file on which the row begins; the header is line 1.
    pub line: u64,
    pub column: Column,
    pub reason: RejectionReason,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word in reports and files.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Columns of our own schema; those of others are mapped to them.
    Column {
        /// None in particular.
        Row = "row",
        ExternalId = "external_id",
        Email = "email",
        Phone = "phone",
        FirstName = "first_name",
        LastName = "last_name",
        Locale = "locale",
        Lot = "lot",
        Points = "points",
        EarnedAt = "earned_at",
        AvailableAt = "available_at",
        ExpiresAt = "expires_at",
        LastActivityAt = "last_activity_at",
        Tier = "tier",
        ReferralCode = "referral_code",
        /// Whose row it was where it was exported.
        CustomerId = "customer_id",
        TierUntil = "tier_until",
    }
}

words! {
    RejectionReason {
        /// The bytes are not text in the encoding that was said.
        NotText = "not_text",
        /// Another number of fields than the header has.
        WrongNumberOfFields = "wrong_number_of_fields",
        /// Neither an id of the shop nor an e-mail address.
        NoIdentity = "no_identity",
        NotAnId = "not_an_id",
        NotAnEmail = "not_an_email",
        NotAWholeNumber = "not_a_whole_number",
        TooLarge = "too_large",
        TooLong = "too_long",
        NotADate = "not_a_date",
        /// Day and month could be either way round; say which by `date_order`.
        AmbiguousDate = "ambiguous_date",
        /// Ends before it begins.
        OutOfOrder = "out_of_order",
        /// The points had expired when they were to be brought along.
        ExpiredAlready = "expired_already",
        /// The file has this row before.
        DuplicateRow = "duplicate_row",
        /// Known already, and the import is not to touch such people.
        CustomerExists = "customer_exists",
        /// Being forgotten, or forgotten.
        CustomerErased = "customer_erased",
        /// Several customers have this address: only an id says which is meant.
        AmbiguousEmail = "ambiguous_email",
        /// No word that can stand in a link.
        NotACode = "not_a_code",
        /// The word in the link is somebody else's.
        Taken = "taken",
    }
}
