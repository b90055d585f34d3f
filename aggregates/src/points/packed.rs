//! An account as it is written down: in snapshots, and in the memory of a gateway between two commands.
//!
//! Nearly all orders are plain: bodies told of them, nothing went back, and their lot says what follows from the order.
//! Of those only that is written which nothing else tells ([`PlainOrder`]), and what many have in common stands once
//! ([`Terms`]). Whatever is not plain is written in full.
//!
//! Invariant: what is read is the very account that was written, also one that no history leads to.

mod bytes;
mod plain_order;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    hash::BuildHasherDefault,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use self::{
    bytes::{Bytes, Writer},
    plain_order::{Before, PlainOrder, Terms},
};
use super::{
    account::{Account, CommandRecord},
    bonus::BonusRecord,
    event::LinkSecret,
    lot::Lot,
    order_record::OrderRecord,
    purse::Purse,
    redemption::Redemption,
    shortfall::Shortfall,
};
use crate::{
    id::{BonusId, ByToken, CommandId, CustomerId, RedemptionId, Token},
    sealed::Sealed,
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    terms: Vec<Terms>,
    plain_count: u32,
    /// Plain orders and their lots, in the order of the lots.
    #[serde(borrow)]
    plain: Bytes<'a>,
    /// Lots of anything else, and where in the purse they stand.
    other_lots: Vec<(u32, Cow<'a, Lot>)>,
    other_orders: Vec<(Token, Cow<'a, OrderRecord>)>,
    debt: i64,
    shortfalls: Cow<'a, BTreeMap<Token, Shortfall>>,
    last_activity: Timestamp,
    lifetime_earned: i64,
    lifetime_redeemed: i64,
    lifetime_expired: i64,
    lifetime_forfeited: i64,
    reserved: i64,
    redemptions: Cow<'a, HashMap<RedemptionId, Redemption>>,
    commands: Cow<'a, HashMap<CommandId, CommandRecord>>,
    bonuses: Cow<'a, HashMap<BonusId, BonusRecord>>,
    links: Cow<'a, [Sealed<LinkSecret>]>,
    absorbed: Cow<'a, [CustomerId]>,
    merged_into: Option<CustomerId>,
    fenced: bool,
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        pack(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let packed = Packed::deserialize(deserializer)?;
        unpack(packed).ok_or_else(|| D::Error::custom("an account that was not packed here"))
    }
}

fn pack(account: &Account) -> Packed<'_> {
    let mut packing = Packing::with_capacity(account.purse.lots.len());
    for (place, lot) in (0..).zip(&account.purse.lots) {
        match PlainOrder::of(account, lot) {
            Some(order) => packing.add(&order),
            None => packing.other_lots.push((place, Cow::Borrowed(lot))),
        }
    }
    let other_orders = packing.other_orders(&account.orders);
    let purse = &account.purse;
    Packed {
        terms: packing.terms,
        plain_count: u32::try_from(packing.tokens.len()).expect("an account has fewer lots than that"),
        plain: packing.plain.into_bytes(),
        other_lots: packing.other_lots,
        other_orders,
        debt: purse.debt,
        shortfalls: Cow::Borrowed(&purse.shortfalls),
        last_activity: purse.last_activity,
        lifetime_earned: purse.lifetime_earned,
        lifetime_redeemed: purse.lifetime_redeemed,
        lifetime_expired: purse.lifetime_expired,
        lifetime_forfeited: purse.lifetime_forfeited,
        reserved: purse.reserved,
        redemptions: Cow::Borrowed(&account.redemptions),
        commands: Cow::Borrowed(&account.commands),
        bonuses: Cow::Borrowed(&account.bonuses),
        links: Cow::Borrowed(&account.links),
        absorbed: Cow::Borrowed(&account.absorbed),
        merged_into: account.merged_into,
        fenced: account.fenced,
    }
}

/// Lots and orders being sorted into plain ones and others.
struct Packing<'a> {
    terms: Vec<Terms>,
    plain: Writer,
    /// Of the plain ones.
    tokens: Vec<Token>,
    before: Before,
    other_lots: Vec<(u32, Cow<'a, Lot>)>,
}

impl<'a> Packing<'a> {
    fn with_capacity(lots: usize) -> Self {
        Packing {
            terms: Vec::new(),
            plain: Writer::with_capacity(lots * plain_order::BYTES_FORESEEN),
            tokens: Vec::with_capacity(lots),
            before: Before::default(),
            other_lots: Vec::new(),
        }
    }

    fn add(&mut self, order: &PlainOrder<'_>) {
        let terms = self.place_of(&order.terms);
        order.write(terms, &mut self.before, &mut self.plain);
        self.tokens.push(order.token);
    }

    fn place_of(&mut self, terms: &Terms) -> u64 {
        let known = self.terms.iter().position(|known| known == terms);
        let place = known.unwrap_or_else(|| {
            self.terms.push(terms.clone());
            self.terms.len() - 1
        });
        u64::try_from(place).expect("what is in memory can be counted")
    }

    fn other_orders(&mut self, orders: &'a ByToken<OrderRecord>) -> Vec<(Token, Cow<'a, OrderRecord>)> {
        self.tokens.sort_unstable();
        // Two lots of one order are nothing that happens, and must be read back all the same.
        let each_has_one_lot = self.tokens.windows(2).all(|pair| pair[0] != pair[1]);
        if each_has_one_lot && self.tokens.len() == orders.len() {
            return Vec::new();
        }
        let others = orders.iter().filter(|(token, _)| self.tokens.binary_search(token).is_err());
        others.map(|(token, order)| (*token, Cow::Borrowed(order))).collect()
    }
}

/// `None` for what [`pack`] does not make.
fn unpack(packed: Packed<'_>) -> Option<Account> {
    let mut others = packed.other_lots.into_iter().peekable();
    let mut plain = packed.plain.reader();
    let plain_count = usize::try_from(packed.plain_count).ok().filter(|count| *count <= plain.len())?;
    let lot_count = plain_count + others.len();
    // Room for one more: an account is read when something is about to happen to it.
    let mut lots = Vec::with_capacity(lot_count + 1);
    let order_count = plain_count + packed.other_orders.len();
    let mut orders = ByToken::with_capacity_and_hasher(order_count + 1, BuildHasherDefault::default());
    let mut before = Before::default();
    for place in 0..lot_count {
        if let Some((_, lot)) = others.next_if(|(other, _)| usize::try_from(*other) == Ok(place)) {
            lots.push(lot.into_owned());
        } else {
            let (token, order, lot) = plain_order::read(&packed.terms, &mut before, &mut plain)?;
            lots.push(lot);
            orders.insert(token, order);
        }
    }
    orders.extend(packed.other_orders.into_iter().map(|(token, order)| (token, order.into_owned())));
    Some(Account {
        purse: Purse {
            lots,
            debt: packed.debt,
            shortfalls: packed.shortfalls.into_owned(),
            last_activity: packed.last_activity,
            lifetime_earned: packed.lifetime_earned,
            lifetime_redeemed: packed.lifetime_redeemed,
            lifetime_expired: packed.lifetime_expired,
            lifetime_forfeited: packed.lifetime_forfeited,
            reserved: packed.reserved,
        },
        orders,
        redemptions: packed.redemptions.into_owned(),
        commands: packed.commands.into_owned(),
        bonuses: packed.bonuses.into_owned(),
        links: packed.links.into_owned(),
        absorbed: packed.absorbed.into_owned(),
        merged_into: packed.merged_into,
        fenced: packed.fenced,
    })
}
