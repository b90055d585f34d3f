//! What lies inside the seals of the log. Everything else in it is numbers, times, random ids and tokens.

use super::{
    Erasure::{Expires, Unreadable, WithInstallation, WithMerchant},
    Protection::{InstallationKey, ItemKey, MerchantKey, PersonKey},
    Purpose::{Audit, Intake, Keys, Ledger, Membership, Operation, Privacy},
    SealedField,
};

macro_rules! sealed {
    ($($content:literal, $protection:ident, $erasure:ident, $purpose:ident { $($field:literal: $what:literal,)* })*) => {
        /// Fields of everything that is ever sealed into an event, by type.
        pub const SEALED: &[SealedField] = &[$($(SealedField {
            content: $content, field: $field, what: $what, protection: $protection, erasure: $erasure, purpose: $purpose,
        },)*)*];
    };
}

sealed! {
    "Profile", PersonKey, Unreadable, Membership {
        "external_id": "The shop's id of the customer",
        "email": "E-mail address",
        "phone": "Phone number",
        "first_name": "First name",
        "last_name": "Last name",
        "locale": "Language",
    }
    "ReferralCode", PersonKey, Unreadable, Membership {
        "code": "Referral link of another programme, brought along by an import",
    }

    "Birthday", PersonKey, Unreadable, Membership {
        "month": "Month of birth",
        "day": "Day of birth",
    }
    "OrderReference", PersonKey, Unreadable, Ledger {
        "order_id": "The shop's id of an order",
        "name": "Number of the order as printed for people",
    }
    "OrderLine", PersonKey, Unreadable, Ledger {
        "line_id": "The shop's id of a line",
        "item": "What was bought: product, variant, SKU, vendor, gift card or not",
        "quantity": "How many",
        "net_minor": "Price after discounts",
        "tax_minor": "Tax",
    }
    "StaffNote", PersonKey, Unreadable, Audit {
        "reason": "Why, in a member of staff's own words; on giving up a parked webhook or a task, under the merchant's key",
    }
    "LinkSecret", PersonKey, Unreadable, Keys {
        "": "Link key of a profile that was merged into this one",
    }
    "SignalHashes", PersonKey, Unreadable, Membership {
        "hashes": "Keyed hashes of a mailbox, address, device, means of payment and network, by which two people may be one",
    }
    "StatedRequest", PersonKey, Unreadable, Privacy {
        "external_customer_id": "The shop's id of the person a request is about",
        "email": "E-mail address named by a request",
        "phone": "Phone number named by a request",
        "orders": "Orders named by a request",
    }
    "WaitingFact", ItemKey, Expires, Intake {
        "Body": "An order whose customer is not known yet, in full",
        "Refund": "A refund whose order is not known yet, in full",
    }
    "InvitedFriend", ItemKey, Expires, Membership {
        "email": "E-mail address of a friend whom a customer invites, until the mail is sent",
    }
    "TaskContent", PersonKey, Unreadable, Operation {
        "bytes": "What a task needs of a person: to whom a message goes, and its words",
    }
    "ShopDomain", MerchantKey, WithMerchant, Operation {
        "domain": "The shop's domain; a sole trader's may be their name",
    }
    "WebhookSecret", MerchantKey, WithMerchant, Operation {
        "secret": "What the shop signs its webhooks with",
    }
    "AdminToken", MerchantKey, WithMerchant, Operation {
        "token": "What the shop's Admin API is used with",
        "renewal": "What renews it: the app's id and secret, and a token for that alone",
    }
    "KeyName", MerchantKey, WithMerchant, Operation {
        "name": "What the merchant calls an API key; may be the name of who uses it",
    }
    "AdoptionNote", InstallationKey, WithInstallation, Audit {
        "operator": "Account name of an operator",
        "reason": "Why a restored log was adopted, or a commit given up",
    }
}
