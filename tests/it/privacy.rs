//! People and shops are forgotten, through the system's own doors.

mod asked;
mod certificates;
mod coming_back;
mod crashes;

mod erasure;
mod grace;
mod kit;
mod limits;
mod merged;
mod rectification;
mod shops;
mod tables;
mod traffic;
