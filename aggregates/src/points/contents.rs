//! All that a merge moves, in parts that each fit into an event: an account may be larger than any commit.

use serde::Serialize;

use super::{event::AccountContents, lot::Lot};

impl AccountContents {
    /// Parts which, taken over one after the other, come to the same as the whole, and of which each one's books balance: so
    /// do those of whoever has taken over some of them. About `part_bytes` each; an entry that is larger is a part by
    /// itself.
    pub(super) fn into_parts(self, part_bytes: usize) -> Vec<AccountContents> {
        let mut packing = Packing { full: Vec::new(), open: AccountContents::default(), open_bytes: 0, part_bytes };
        packing.put(self.lots, |part| &mut part.lots);
        packing.put(self.shortfalls, |part| &mut part.shortfalls);
        packing.put(self.orders, |part| &mut part.orders);
        packing.put(self.redemptions, |part| &mut part.redemptions);
        packing.put(self.commands, |part| &mut part.commands);
        packing.put(self.bonuses, |part| &mut part.bonuses);
        let Packing { full: mut parts, open, .. } = packing;
        parts.iter_mut().for_each(AccountContents::sum_up);
        let left = |whole: i64, of: fn(&AccountContents) -> i64| whole - parts.iter().map(of).sum::<i64>();
        let last = AccountContents {
            debt: left(self.debt, |part| part.debt),
            last_activity: self.last_activity,
            lifetime_earned: left(self.lifetime_earned, |part| part.lifetime_earned),
            lifetime_redeemed: left(self.lifetime_redeemed, |part| part.lifetime_redeemed),
            lifetime_expired: left(self.lifetime_expired, |part| part.lifetime_expired),
            ..open
        };
        parts.push(last);
        parts
    }

    /// The share that these lots and shortfalls have in what is counted of the whole account.
    fn sum_up(&mut self) {
        let of_lots = |of: fn(&Lot) -> i64| self.lots.iter().map(of).sum::<i64>();
        let (remaining, redeemed, expired) =
            (of_lots(|lot| lot.remaining), of_lots(|lot| lot.redeemed), of_lots(|lot| lot.expired));
        self.debt = self.shortfalls.iter().map(|(_, shortfall)| shortfall.owed).sum();
        self.lifetime_earned = remaining - self.debt + redeemed + expired;
        self.lifetime_redeemed = redeemed;
        self.lifetime_expired = expired;
    }
}

struct Packing {
    full: Vec<AccountContents>,
    open: AccountContents,
    open_bytes: usize,
    part_bytes: usize,
}

impl Packing {
    fn put<T: Serialize>(&mut self, entries: Vec<T>, list: impl Fn(&mut AccountContents) -> &mut Vec<T>) {
        for entry in entries {
            let bytes = postcard::experimental::serialized_size(&entry).expect("plain values: encoding cannot fail");
            if self.open_bytes > 0 && self.open_bytes + bytes > self.part_bytes {
                self.full.push(std::mem::take(&mut self.open));
                self.open_bytes = 0;
            }
            self.open_bytes += bytes;
            list(&mut self.open).push(entry);
        }
    }
}
