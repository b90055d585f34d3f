//! How far a filling is, on stderr.

use indicatif::{ProgressBar, ProgressStyle};
use projections::generation::fill::Filled;

/// Position, target, rate and time left.
const LOOK: &str = "{msg} {wide_bar} {human_pos} of {human_len} · {per_sec} · {eta} left";

/// A bar where somebody looks at a terminal, nothing elsewhere.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn named(name: &str) -> Bar {
        let bar = ProgressBar::new(0).with_message(name.to_owned());
        bar.set_style(ProgressStyle::with_template(LOOK).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar(bar)
    }

    pub fn show(&self, filled: Filled) {
        if self.0.length() != Some(filled.target) {
            // What an earlier call has done is not part of the rate.
            self.0.set_length(filled.target);
        }
        if self.0.position() == 0 {
            self.0.set_position(filled.position);
            self.0.reset_eta();
        }
        self.0.set_position(filled.position);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
