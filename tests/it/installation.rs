//! What must survive: a whole installation, `loyalnest dev` as a process of its own, that is killed, cut off, robbed of
//! its keys or its log, looked at through every byte it has written, and followed through its traces.

mod databases;
mod dev;
mod doctor;
mod epochs;
mod keys;
mod kills;
/// The vault's own tests start it the same way.
#[path = "../../vault/tests/it/openbao.rs"]
mod openbao;
mod outages;
mod plaintext;
pub mod program;
mod restores;
mod traces;
