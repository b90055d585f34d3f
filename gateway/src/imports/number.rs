//! Points as people write them.

use aggregates::import::RejectionReason;
use aggregates::program::AWARD_MAX;

/// A whole number: `1250`, `1,250`, `1250.00`, `-40`. What could be a fraction is not guessed at.
pub fn points(text: &str) -> Result<i64, RejectionReason> {
    let not_whole = RejectionReason::NotAWholeNumber;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !fraction.bytes().all(|digit| digit == b'0') {
        return Err(not_whole);
    }
    let whole = if whole.contains(',') { without_commas(whole).ok_or(not_whole)? } else { whole.to_owned() };
    if whole.is_empty() || !whole.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(not_whole);
    }
    let points: i64 = whole.parse().map_err(|_| RejectionReason::TooLarge)?;
    if points > AWARD_MAX {
        return Err(RejectionReason::TooLarge);
    }
    Ok(if negative { -points } else { points })
}

/// Commas that stand where thousands do.
fn without_commas(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next().filter(|group| (1..=3).contains(&group.len()))?;
    let others: Vec<&str> = groups.collect();
    others.iter().all(|group| group.len() == 3).then(|| first.to_owned() + &others.concat())
}
