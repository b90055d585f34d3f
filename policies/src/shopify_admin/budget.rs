//! A shop lets so much be asked of it at once, and so much more each second. What it said last is remembered, so that it
//! need not say no.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use super::answer::Cost;

/// Shops whose budgets are remembered; beyond that all are forgotten, which costs a refusal here and there.
const SHOPS_MAX: usize = 4_096;

#[derive(Debug, Clone, Copy)]
struct Budget {
    available: i64,
    restore_rate: i64,
    at: Instant,
}

#[derive(Default)]
pub(super) struct Budgets(Mutex<HashMap<String, Budget>>);

impl Budgets {
    /// What the shop said after a call.
    pub fn note(&self, shop: &str, cost: Cost, now: Instant) {
        let mut budgets = self.lock();
        if budgets.len() >= SHOPS_MAX && !budgets.contains_key(shop) {
            budgets.clear();
        }
        let budget = Budget { available: cost.available, restore_rate: cost.restore_rate, at: now };
        budgets.insert(shop.to_owned(), budget);
    }

    /// How long to wait before something of this cost is asked; `None` if there is room for it, which is then taken.
    pub fn wait_for(&self, shop: &str, cost: i64, now: Instant) -> Option<Duration> {
        let mut budgets = self.lock();
        let budget = budgets.get_mut(shop)?;
        let millis = i64::try_from((now - budget.at).as_millis()).unwrap_or(i64::MAX);
        let restored = millis.saturating_mul(budget.restore_rate).div_euclid(1_000);
        let available = budget.available.saturating_add(restored);
        if available >= cost {
            (budget.available, budget.at) = (available - cost, now);
            return None;
        }
        let missing = (cost - available).saturating_mul(1_000).div_euclid(budget.restore_rate.max(1));
        Some(Duration::from_millis(u64::try_from(missing.saturating_add(1)).unwrap_or(0)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Budget>> {
        // Plain numbers: whoever panicked while holding it has left nothing half done.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_that_has_no_room_is_left_alone_until_it_has() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        assert_eq!(budgets.wait_for("a", 10, now), None, "nothing is known of it");
        budgets.note("a", Cost { requested: 10, available: 15, restore_rate: 5 }, now);
        assert_eq!(budgets.wait_for("a", 10, now), None);
        assert_eq!(
            budgets.wait_for("a", 10, now),
            Some(Duration::from_millis(1_001)),
            "5 are left, 5 come each second"
        );
        assert_eq!(budgets.wait_for("b", 10, now), None, "another shop has its own");
        assert_eq!(budgets.wait_for("a", 10, now + Duration::from_millis(1_001)), None);
    }
}
