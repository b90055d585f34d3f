//! What moved on a customer's accounts in the shop: one for each currency, their newest transactions first.

use aggregates::{money::Currency, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::slot::{Begun, Movement};
use crate::shopify_admin::AdminError;

/// Accounts of a customer that are looked at: one for each currency they were ever given credit in.
pub(super) const ACCOUNTS_MAX: usize = 5;
/// Transactions of each that are looked at. More than that do not happen while one is being settled.
pub(super) const TRANSACTIONS_MAX: usize = 10;

const CREDIT: &str = "StoreCreditAccountCreditTransaction";
const DEBIT: &str = "StoreCreditAccountDebitTransaction";
const UNREADABLE: AdminError = AdminError::NoAnswer("the transactions of an account cannot be read");

/// The newest transactions of an account at some moment, by the shop's own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Newest {
    /// When the newest was made; none where nothing had ever moved.
    pub at: Option<Timestamp>,
    /// Those made in that very second: what else is made in it has other ids.
    pub known: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Transaction {
    /// Of credits and debits; others have none, or are not ours.
    made: Option<(Movement, String)>,
    /// Without its sign.
    minor: i64,
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    accounts: Vec<(Currency, Vec<Transaction>)>,
    /// The customer has accounts that were not looked at.
    is_cut: bool,
}

impl History {
    /// From a connection of accounts.
    pub fn read(accounts: &Value) -> Result<Self, AdminError> {
        let is_cut = accounts["pageInfo"]["hasNextPage"].as_bool().ok_or(UNREADABLE)?;
        let nodes = accounts["nodes"].as_array().ok_or(UNREADABLE)?;
        let accounts = nodes.iter().map(|node| account(node).ok_or(UNREADABLE)).collect::<Result<_, _>>()?;
        Ok(History { accounts, is_cut })
    }

    /// What is to be remembered before something is moved.
    ///
    /// # Errors
    /// [`AdminError::Refused`] if the account may be among those that were not looked at.
    pub fn newest_of(&self, currency: Currency) -> Result<Newest, AdminError> {
        let transactions = self.of(currency)?;
        let at = transactions.iter().map(|transaction| transaction.at).max();
        let known = transactions.iter().filter(|transaction| Some(transaction.at) == at);
        let known = known.filter_map(|transaction| transaction.made.as_ref().map(|(_, id)| id.clone())).collect();
        Ok(Newest { at, known })
    }

    /// The shop's id of the transaction by which a movement was done; none if it was not.
    ///
    /// # Errors
    /// [`AdminError::Refused`] if so much has moved since that nobody can tell.
    pub fn done_since(&self, begun: &Begun) -> Result<Option<String>, AdminError> {
        let transactions = self.of(begun.currency)?;
        let is_since = |transaction: &&Transaction| begun.before.at.is_none_or(|at| transaction.at >= at);
        let mut since = transactions.iter().filter(is_since);
        let found = since.find_map(|transaction| match &transaction.made {
            Some((movement, id)) => {
                let is_it = *movement == begun.movement && transaction.minor == begun.minor;
                (is_it && !begun.before.known.contains(id)).then(|| id.clone())
            }
            None => None,
        });
        // As many as are looked at, and all since: there may be more.
        let reaches_back = transactions.len() < TRANSACTIONS_MAX || !transactions.iter().all(|it| is_since(&it));
        match found {
            None if !reaches_back => Err(AdminError::Refused(vec!["STORE_CREDIT_MOVED_TOO_OFTEN".to_owned()])),
            found => Ok(found),
        }
    }

    fn of(&self, currency: Currency) -> Result<&[Transaction], AdminError> {
        match self.accounts.iter().find(|(of, _)| *of == currency) {
            Some((_, transactions)) => Ok(transactions),
            None if self.is_cut => Err(AdminError::Refused(vec!["TOO_MANY_STORE_CREDIT_ACCOUNTS".to_owned()])),
            None => Ok(&[]),
        }
    }
}

fn account(node: &Value) -> Option<(Currency, Vec<Transaction>)> {
    let currency = Currency::parse(node["balance"]["currencyCode"].as_str()?).ok()?;
    let transactions = node["transactions"]["nodes"].as_array()?;
    let transactions = transactions.iter().map(|node| transaction(node, currency)).collect::<Option<_>>()?;
    Some((currency, transactions))
}

fn transaction(node: &Value, currency: Currency) -> Option<Transaction> {
    let movement = match node["__typename"].as_str()? {
        CREDIT => Some(Movement::Credit),
        DEBIT => Some(Movement::Debit),
        _ => None,
    };
    let id = |movement| Some((movement, node["id"].as_str()?.to_owned()));
    Some(Transaction {
        made: match movement {
            Some(movement) => Some(id(movement)?),
            None => None,
        },
        // The shop writes what is taken with a sign.
        minor: currency.minor_units(node["amount"]["amount"].as_str()?).ok()?.abs(),
        at: Timestamp::parse(node["createdAt"].as_str()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn euro() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    fn moved(kind: &str, id: u32, amount: &str, second: u32) -> Value {
        json!({ "__typename": kind, "id": format!("gid://shopify/{kind}/{id}"), "amount": { "amount": amount },
            "createdAt": format!("2026-11-23T09:00:{second:02}Z") })
    }

    fn history(transactions: &[Value], is_cut: bool) -> History {
        let account = json!({ "balance": { "currencyCode": "EUR" }, "transactions": { "nodes": transactions } });
        History::read(&json!({ "pageInfo": { "hasNextPage": is_cut }, "nodes": [account] })).unwrap()
    }

    fn begun(movement: Movement, before: Newest) -> Begun {
        let (mark, minor) = ("rrd-1".to_owned(), 500);
        Begun { mark, movement, minor, currency: euro(), before, begun_at: Timestamp(0) }
    }

    #[test]
    fn what_was_there_before_is_not_what_was_begun() {
        let first = moved(CREDIT, 1, "5.0", 7);
        let before = history(std::slice::from_ref(&first), false).newest_of(euro()).unwrap();
        let credit = begun(Movement::Credit, before.clone());
        let since = |transactions: &[Value]| history(transactions, false).done_since(&credit).unwrap();
        assert_eq!(since(std::slice::from_ref(&first)), None);
        let [other_amount, other_way] = [moved(CREDIT, 2, "5.01", 7), moved(DEBIT, 3, "-5.0", 8)];
        assert_eq!(since(&[other_way.clone(), other_amount, first.clone()]), None);
        let same_second = moved(CREDIT, 4, "5.00", 7);
        assert_eq!(
            since(&[same_second, first.clone()]).unwrap(),
            "gid://shopify/StoreCreditAccountCreditTransaction/4"
        );
        assert_eq!(since(&[first.clone(), moved(CREDIT, 0, "5.0", 6)]), None, "long ago");
        let debit = begun(Movement::Debit, before);
        assert!(history(&[other_way, first], false).done_since(&debit).unwrap().is_some(), "whatever its sign");
    }

    #[test]
    fn where_nobody_can_tell_nothing_is_said() {
        let many: Vec<Value> = (0..10).map(|id| moved(DEBIT, id, "-1.0", 9)).collect();
        let nothing = Newest { at: None, known: Vec::new() };
        let credit = begun(Movement::Credit, nothing.clone());
        assert!(matches!(history(&many, false).done_since(&credit), Err(AdminError::Refused(_))));
        assert_eq!(history(&many[1..], false).done_since(&credit), Ok(None));
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(history(&many, false).newest_of(yen), Ok(nothing));
        assert!(history(&many, true).newest_of(yen).is_err(), "it may be among the others");
    }

    #[test]
    fn transactions_without_an_id_are_passed_over() {
        let expired = json!({ "__typename": "StoreCreditAccountExpirationTransaction",
            "amount": { "amount": "-5.0" }, "createdAt": "2026-11-23T09:00:01Z" });
        let history = history(&[expired], false);
        let newest = history.newest_of(euro()).unwrap();
        assert_eq!((newest.at.is_some(), newest.known.len()), (true, 0));
        assert!(History::read(&json!({ "nodes": [] })).is_err());
    }
}
