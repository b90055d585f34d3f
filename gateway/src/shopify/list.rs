//! Lists in a body: absent and `null` are empty, and no list is longer than anything a shop has.

use aggregates::money::MINOR_UNITS_MAX;
use serde::{Deserialize, Deserializer};

use super::unfit::{Problem, UnfitField, Within};

/// Elements of one list. Shopify itself stops far earlier.
pub(super) const ELEMENTS_MAX: usize = 10_000;

pub(super) struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Vec<T>>::deserialize(deserializer).map(|elements| List(elements.unwrap_or_default()))
    }
}

impl<T> List<T> {
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn at_most(&self, elements: usize) -> Result<(), Problem> {
        if self.0.len() > elements { Err(Problem::TooMany) } else { Ok(()) }
    }

    /// Every element read, or the first that cannot be, named as one of the list called `name`.
    pub fn each<U>(&self, name: &str, mut read: impl FnMut(&T) -> Result<U, UnfitField>) -> Result<Vec<U>, UnfitField> {
        self.at_most(ELEMENTS_MAX).at(name)?;
        self.0.iter().enumerate().map(|(index, element)| read(element).at_element(name, index)).collect()
    }

    /// The sum of an amount of every element, minor units.
    pub fn sum(&self, name: &str, mut amount: impl FnMut(&T) -> Result<i64, UnfitField>) -> Result<i64, UnfitField> {
        self.at_most(ELEMENTS_MAX).at(name)?;
        self.0.iter().enumerate().try_fold(0, |total, (index, element)| {
            let more = amount(element).at_element(name, index)?;
            add(total, more).at(name)
        })
    }
}

/// Sum of two amounts in minor units, neither beyond [`MINOR_UNITS_MAX`]; the sum must not be either, so that nobody
/// further on has to think of overflow.
pub(super) fn add(total: i64, more: i64) -> Result<i64, Problem> {
    let sum = total.saturating_add(more);
    if sum.abs() > MINOR_UNITS_MAX { Err(Problem::TooLarge) } else { Ok(sum) }
}
