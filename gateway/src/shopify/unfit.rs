//! Why a body could not be read, in words that may be logged and stored: the place and the kind of problem, never a
//! value. The path grows from the inside out, on the way back from the place that failed, so that bodies that fit pay
//! nothing for it.

use aggregates::money::MoneyError;

/// A body that states no fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The sender's mistake, or damage on the way: answer 400.
    #[error("the body is not JSON")]
    NotJson,
    /// Sound JSON which this code cannot handle: park it.
    #[error(transparent)]
    Unfit(#[from] UnfitField),
}

/// The first field that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {problem}")]
pub struct UnfitField {
    /// Such as `line_items[3].price_set.shop_money`.
    pub path: String,
    pub problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("is missing")]
    Missing,
    #[error("is not an object")]
    NotAnObject,
    #[error("is not of the expected shape")]
    Shape,
    #[error("is not text")]
    NotText,
    #[error("is neither true nor false")]
    NotAFlag,
    #[error("is not an identity")]
    NotAnId,
    #[error("is not an RFC 3339 time")]
    NotATime,
    #[error("is not a whole number")]
    NotACount,
    #[error("is negative")]
    Negative,
    #[error("is not a decimal amount")]
    NotAnAmount,
    #[error("is not a currency of three letters")]
    NotACurrency,
    #[error("is in another currency than the rest")]
    OtherCurrency,
    #[error("is too large")]
    TooLarge,
    #[error("has too many elements")]
    TooMany,
}

impl Problem {
    pub(super) fn at(self, path: &str) -> UnfitField {
        UnfitField { path: path.to_owned(), problem: self }
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::Currency => Problem::NotACurrency,
            MoneyError::Amount => Problem::NotAnAmount,
            MoneyError::TooLarge => Problem::TooLarge,
        }
    }
}

/// Says where something failed.
pub(super) trait Within<T> {
    /// In this field of the object being read.
    fn at(self, field: &str) -> Result<T, UnfitField>;

    /// In this element of a list.
    fn at_element(self, list: &str, index: usize) -> Result<T, UnfitField>;
}

impl<T> Within<T> for Result<T, Problem> {
    fn at(self, field: &str) -> Result<T, UnfitField> {
        self.map_err(|problem| problem.at(field))
    }

    fn at_element(self, list: &str, index: usize) -> Result<T, UnfitField> {
        self.map_err(|problem| problem.at(&format!("{list}[{index}]")))
    }
}

impl<T> Within<T> for Result<T, UnfitField> {
    fn at(self, field: &str) -> Result<T, UnfitField> {
        self.map_err(|unfit| unfit.problem.at(&format!("{field}.{}", unfit.path)))
    }

    fn at_element(self, list: &str, index: usize) -> Result<T, UnfitField> {
        self.map_err(|unfit| unfit.problem.at(&format!("{list}[{index}].{}", unfit.path)))
    }
}

/// A value that has to be there.
pub(super) trait Required<T> {
    fn required(self) -> Result<T, Problem>;
}

impl<T> Required<T> for Result<Option<T>, Problem> {
    fn required(self) -> Result<T, Problem> {
        self?.ok_or(Problem::Missing)
    }
}
