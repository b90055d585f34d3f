//! A log that anyone can check: what is signed, what is proven, and what is found when somebody has been at it.

mod block_files;
mod doors;
mod forger;
mod forgetting;
mod honest;
mod portable;
pub mod scene;
mod signing;
mod taken_along;
mod tampering;
