//! The doors themselves: what they let in, what they turn away, and in which words.

mod read_models;
