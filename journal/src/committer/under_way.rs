//! Commands that have begun: most of them will soon want to write.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::connection::Journal;

/// How many there are. Clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Commands(Arc<AtomicUsize>);

impl Commands {
    pub fn under_way(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub fn begin(&self) -> UnderWay {
        self.0.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }
}

/// A command that has begun, until this is dropped.
#[derive(Debug)]
#[must_use = "the command counts as over when this is dropped"]
pub struct UnderWay(Commands);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Journal {
    /// Says that a command has begun which has something to do before it writes. Under load, commits that could share a
    /// batch with its own wait for it for a moment. Nothing depends on it: what was not announced is written all the same.
    pub fn command_begins(&self) -> UnderWay {
        self.shared.committer.commands.begin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_counts_until_it_is_over() {
        let commands = Commands::default();
        let first = commands.begin();
        let second = commands.clone().begin();
        assert_eq!(commands.under_way(), 2);
        drop(first);
        assert_eq!(commands.under_way(), 1);
        drop(second);
        assert_eq!(commands.under_way(), 0);
    }
}
