//! `GET …/balance/explanation`, as far as tests look at it.

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Explanation {
    pub balance: Balance,
    pub debt: i64,
    pub lots: Vec<Lot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Balance {
    pub available: i64,
    pub pending: i64,
    pub lifetime_earned: i64,
    pub lifetime_redeemed: i64,
    pub lifetime_expired: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Lot {
    pub source: Source,
    pub status: String,
    pub granted: i64,
    pub remaining: i64,
    pub reversed: i64,
    pub redeemed: i64,
    pub expired: i64,
    pub earned_at: String,
    pub available_at: String,
    pub expires_at: Option<String>,
    pub movements: Vec<Movement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Source {
    pub kind: String,
    /// The shop's id of the order.
    pub id: Option<String>,
    pub awarded: Option<i64>,
    pub reversed: Option<i64>,
    pub program_version: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Movement {
    pub kind: String,
    pub points: i64,
    pub redemption_id: Option<String>,
}

impl Explanation {
    /// The lot that an order brought.
    pub fn lot_of(&self, order_id: u64) -> &Lot {
        let order_id = Some(order_id.to_string());
        self.lots.iter().find(|lot| lot.source.id == order_id).unwrap_or_else(|| panic!("no lot of it: {self:#?}"))
    }

    /// What every history of the same facts ends in, whatever order they came in: no times of recording, no ids that
    /// were made here.
    pub fn canonical(mut self) -> Explanation {
        for lot in &mut self.lots {
            lot.movements.clear();
        }
        self.lots.sort_by(|one, other| one.source.id.cmp(&other.source.id));
        self
    }
}
