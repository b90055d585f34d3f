//! People and shops are forgotten, through the system's own doors.

mod asked;
mod certificates;
mod coming_back;
mod crashes;
mod deadlines;
mod erasure;
mod grace;
mod inactive;
pub mod kit;
mod leases;
mod limits;

mod merged;
mod rebuilt;
mod rectification;
mod restored;
mod shops;
mod tables;
mod traffic;
