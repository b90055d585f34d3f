//! What docs/operations.md tells operators to do, done: every command as it stands there, on servers, gateways and workers
//! that are processes of their own, while a shop sends and repeats what is not answered. Afterwards everything that was
//! answered is there, once, and the books balance.

mod kit;
mod one_to_three;
mod stand_by;
