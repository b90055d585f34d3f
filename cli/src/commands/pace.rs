//! How far something long is, on stderr: a line a second at most, with rate and time left, for people and for files alike.

use std::{sync::Mutex, sync::PoisonError, time::Duration};

use tokio::time::Instant;

/// Time between two lines.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// Tells how something goes on.
pub struct Pace {
    what: &'static str,
    total: Option<u64>,
    /// What an earlier call had done is no part of the rate.
    before: u64,
    began: Instant,
    said: Mutex<Instant>,
}

impl Pace {
    /// `total` is how many there will be, where that is known; `done` of them are done already.
    pub fn begin(what: &'static str, total: Option<u64>, done: u64) -> Self {
        let began = Instant::now();
        Pace { what, total, before: done, began, said: Mutex::new(began) }
    }

    /// So many are done by now. Says so if nothing was said for a while, and at the end.
    pub fn show(&self, done: u64, remark: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() < SAID_EVERY && self.total != Some(done) {
            return;
        }
        *said = Instant::now();
        eprintln!("{}{remark}", self.line(done, self.began.elapsed()));
    }

    fn line(&self, done: u64, elapsed: Duration) -> String {
        let rate = per_second(done.saturating_sub(self.before), elapsed);
        let what = self.what;
        match self.total {
            None => format!("{done} {what} · {rate}/s"),
            Some(total) => {
                let left = total.saturating_sub(done).checked_div(rate);
                let left = left.map_or_else(|| "?".to_owned(), in_words);
                format!("{done} of {total} {what} · {rate}/s · {left} left")
            }
        }
    }
}

fn per_second(done: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    done.saturating_mul(1_000) / millis
}

fn in_words(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let pace = Pace::begin("rows", Some(1_000_000), 100_000);
        let line = pace.line(400_000, Duration::from_secs(100));
        assert_eq!(line, "400000 of 1000000 rows · 3000/s · 3 min 20 s left");
        assert_eq!(pace.line(100_000, Duration::ZERO), "100000 of 1000000 rows · 0/s · ? left");
        let unknown = Pace::begin("rows", None, 0);
        assert_eq!(unknown.line(5_000, Duration::from_millis(2_500)), "5000 rows · 2000/s");
    }
}
