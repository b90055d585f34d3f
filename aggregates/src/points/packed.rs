//! An account as it is written down: in snapshots, and in the memory of a gateway between two commands.
//!
//! Nearly all orders are plain: bodies told of them, nothing went back, and their lot says what follows from the order.
//! Of those only that is written which nothing else tells ([`PlainOrder`]), and what many have in common stands once
//! ([`Terms`]). Whatever is not plain is written in full.
//!
//! Invariant: what is read is the very account that was written, also one that no history leads to.

mod plain_order;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use self::plain_order::{Before, PlainOrder, Terms, plain_order_of};
use super::{
    account::{Account, CommandRecord},
    event::LinkSecret,
    lot::Lot,
    order_record::OrderRecord,
    purse::Purse,
    redemption::Redemption,
    shortfall::Shortfall,
};
use crate::{
    id::{CommandId, CustomerId, RedemptionId, Token},
    sealed::Sealed,
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    terms: Vec<Terms>,
    /// In the order of their lots.
    plain: Vec<PlainOrder>,
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
    redemptions: Cow<'a, HashMap<RedemptionId, Redemption>>,
    commands: Cow<'a, HashMap<CommandId, CommandRecord>>,
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
    let mut packing = Packing::default();
    for (place, lot) in (0..).zip(&account.purse.lots) {
        packing.add(account, place, lot);
    }
    let other_orders = packing.other_orders(&account.orders);
    let purse = &account.purse;
    Packed {
        terms: packing.terms,
        plain: packing.plain,
        other_lots: packing.other_lots,
        other_orders,
        debt: purse.debt,
        shortfalls: Cow::Borrowed(&purse.shortfalls),
        last_activity: purse.last_activity,
        lifetime_earned: purse.lifetime_earned,
        lifetime_redeemed: purse.lifetime_redeemed,
        lifetime_expired: purse.lifetime_expired,
        lifetime_forfeited: purse.lifetime_forfeited,
        redemptions: Cow::Borrowed(&account.redemptions),
        commands: Cow::Borrowed(&account.commands),
        links: Cow::Borrowed(&account.links),
        absorbed: Cow::Borrowed(&account.absorbed),
        merged_into: account.merged_into,
        fenced: account.fenced,
    }
}

/// Lots and orders being sorted into plain ones and others.
#[derive(Default)]
struct Packing<'a> {
    terms: Vec<Terms>,
    plain: Vec<PlainOrder>,
    /// Of the plain ones.
    tokens: HashSet<Token>,
    before: Before,
    other_lots: Vec<(u32, Cow<'a, Lot>)>,
}

impl<'a> Packing<'a> {
    fn add(&mut self, account: &'a Account, place: u32, lot: &'a Lot) {
        let plain =
            plain_order_of(account, lot).and_then(|(token, order)| Some((token, order, Terms::of(order, lot)?)));
        match plain {
            Some((token, order, terms)) if self.tokens.insert(token) => {
                let terms = self.index_of(terms);
                self.plain.push(PlainOrder::pack(token, order, lot, terms, &mut self.before));
            }
            _ => self.other_lots.push((place, Cow::Borrowed(lot))),
        }
    }

    fn index_of(&mut self, terms: Terms) -> u32 {
        let known = (0..).zip(&self.terms).find(|(_, known)| **known == terms);
        if let Some((index, _)) = known {
            return index;
        }
        self.terms.push(terms);
        u32::try_from(self.terms.len() - 1).expect("an account has fewer lots than that")
    }

    fn other_orders(&self, orders: &'a HashMap<Token, OrderRecord>) -> Vec<(Token, Cow<'a, OrderRecord>)> {
        if orders.len() == self.tokens.len() {
            return Vec::new();
        }
        let others = orders.iter().filter(|(token, _)| !self.tokens.contains(token));
        others.map(|(token, order)| (*token, Cow::Borrowed(order))).collect()
    }
}

/// `None` for what [`pack`] does not make.
fn unpack(packed: Packed<'_>) -> Option<Account> {
    let mut others = packed.other_lots.into_iter().peekable();
    let lot_count = packed.plain.len() + others.len();
    let mut plain = packed.plain.into_iter();
    // Room for one more: an account is read when something is about to happen to it.
    let mut lots = Vec::with_capacity(lot_count + 1);
    let mut orders = HashMap::with_capacity(plain.len() + packed.other_orders.len() + 1);
    let mut before = Before::default();
    for place in 0..lot_count {
        if let Some((_, lot)) = others.next_if(|(other, _)| usize::try_from(*other) == Ok(place)) {
            lots.push(lot.into_owned());
        } else {
            let order = plain.next()?;
            let terms = packed.terms.get(usize::try_from(order.terms).ok()?)?;
            let (token, order, lot) = order.unpack(terms, &mut before);
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
        },
        orders,
        redemptions: packed.redemptions.into_owned(),
        commands: packed.commands.into_owned(),
        links: packed.links.into_owned(),
        absorbed: packed.absorbed.into_owned(),
        merged_into: packed.merged_into,
        fenced: packed.fenced,
    })
}
