//! Which commits of a batch a generation takes in. Pure: the same commits and decisions give the same sieve, in batches of
//! any size.

use std::{collections::BTreeMap, sync::Arc};

use journal::{Positioned, Subject};

use super::Decided;

/// How far an aggregate was taken in, and why no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standstill {
    /// The first commit that is not taken in.
    pub since: u64,
    /// The commit that cannot be read.
    pub cause: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sieve {
    pub decided: Decided,
    parked: BTreeMap<Subject, Standstill>,
    /// Of those, what is not in the table yet.
    fresh: Vec<Subject>,
}

impl Sieve {
    /// As the table has it.
    pub fn new(decided: Decided, parked: BTreeMap<Subject, Standstill>) -> Self {
        Sieve { decided, parked, fresh: Vec::new() }
    }

    /// Nothing is ever held back by it as it is.
    pub fn is_open(&self) -> bool {
        self.parked.is_empty() && self.decided.is_empty()
    }

    /// A commit cannot be read, and it is on record that its aggregate is parked.
    pub fn park(&mut self, commit: &Positioned) {
        self.stop(commit, commit.position);
    }

    fn stop(&mut self, commit: &Positioned, cause: u64) {
        if !self.parked.contains_key(&commit.subject) {
            self.parked.insert(commit.subject, Standstill { since: commit.position, cause });
            self.fresh.push(commit.subject);
        }
    }

    /// What is taken in of a batch, in its order. Commits that were written together with one that is not taken in are
    /// not, either, and what they are about stands still from there.
    pub fn let_through(&mut self, batch: &[Arc<Positioned>]) -> Vec<Arc<Positioned>> {
        if self.is_open() {
            return batch.to_vec();
        }
        let mut through = Vec::with_capacity(batch.len());
        for group in batch.chunk_by(|one, next| are_together(one, next)) {
            match group.iter().find_map(|commit| self.held_back_for(commit)) {
                Some(cause) => group.iter().for_each(|commit| self.stop(commit, cause)),
                None => {
                    through.extend(group.iter().filter(|commit| !self.decided.is_discarded(commit.position)).cloned())
                }
            }
        }
        through
    }

    /// The cause for which a commit is held back. What an aggregate did before it came to a stand is taken in.
    fn held_back_for(&self, commit: &Positioned) -> Option<u64> {
        let standstill = self.parked.get(&commit.subject)?;
        (commit.position >= standstill.since).then_some(standstill.cause)
    }

    /// What has come to a stand and is not in the table yet.
    pub fn fresh(&self) -> Vec<(Subject, Standstill)> {
        self.fresh.iter().filter_map(|subject| Some((*subject, *self.parked.get(subject)?))).collect()
    }

    /// The table has it.
    pub fn is_written(&mut self) {
        self.fresh.clear();
    }

    /// Whether this aggregate stands still.
    pub fn holds(&self, subject: &Subject) -> bool {
        self.parked.contains_key(subject)
    }

    /// Those that need not stand still any more, by their causes.
    pub fn released(&self) -> BTreeMap<u64, Vec<(Subject, u64)>> {
        let mut released: BTreeMap<u64, Vec<(Subject, u64)>> = BTreeMap::new();
        for (subject, Standstill { since, cause }) in &self.parked {
            if !self.decided.is_parked(*cause) {
                released.entry(*cause).or_default().push((*subject, *since));
            }
        }
        released
    }

    /// It is another commit because of which these stand still.
    pub fn blame(&mut self, cause: u64, other: u64) {
        let parked = self.parked.values_mut().filter(|standstill| standstill.cause == cause);
        parked.for_each(|standstill| standstill.cause = other);
    }

    /// These were taken in.
    pub fn forget(&mut self, cause: u64) {
        self.parked.retain(|_, standstill| standstill.cause != cause);
    }
}

fn are_together(one: &Positioned, next: &Positioned) -> bool {
    let group = |commit: &Positioned| commit.commit.group.as_ref().map(|group| group.id);
    group(one).is_some() && group(one) == group(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{commit, member};

    /// A commit on the aggregate of another one.
    fn on(subject: u64, position: u64) -> Arc<Positioned> {
        Arc::new(Positioned { subject: commit(subject).subject, ..commit(position) })
    }

    fn positions(commits: &[Arc<Positioned>]) -> Vec<u64> {
        commits.iter().map(|commit| commit.position).collect()
    }

    #[test]
    fn nothing_is_held_back_while_nothing_is_parked() {
        let mut sieve = Sieve::default();
        assert_eq!(positions(&sieve.let_through(&[on(1, 1), on(2, 2)])), [1, 2]);
    }

    #[test]
    fn an_aggregate_stands_still_from_the_commit_on_that_cannot_be_read_and_nobody_else_does() {
        let mut sieve = Sieve::default();
        sieve.park(&on(1, 5));
        let batch = [on(1, 3), on(2, 4), on(1, 5), on(2, 6), on(1, 7)];
        assert_eq!(positions(&sieve.let_through(&batch)), [3, 4, 6]);
        assert_eq!(sieve.fresh(), [(commit(1).subject, Standstill { since: 5, cause: 5 })]);
        sieve.is_written();
        assert_eq!(sieve.fresh(), []);
    }

    #[test]
    fn whoever_is_written_together_with_a_parked_one_stands_still_too_and_so_do_those_it_meets() {
        let mut sieve = Sieve::default();
        sieve.park(&on(1, 5));
        let together = |subject: u64, position, index| {
            Arc::new(Positioned { subject: commit(subject).subject, ..member(position, index, 2) })
        };
        let batch = [on(2, 6), together(2, 7, 0), together(1, 8, 1), on(2, 9), on(3, 10)];
        assert_eq!(positions(&sieve.let_through(&batch)), [6, 10]);
        let cause = |since| Standstill { since, cause: 5 };
        assert_eq!(sieve.fresh(), [(commit(1).subject, cause(5)), (commit(2).subject, cause(7))]);
    }

    #[test]
    fn batches_of_any_size_hold_back_the_same() {
        let history: Vec<_> = (1..=30).map(|position| on(position % 4, position)).collect();
        let sieved = |size: usize| {
            let mut sieve = Sieve::default();
            sieve.park(&on(1, 9));
            history.chunks(size).flat_map(|batch| sieve.let_through(batch)).collect::<Vec<_>>()
        };
        assert_eq!(positions(&sieved(30)), positions(&sieved(1)));
    }
}
