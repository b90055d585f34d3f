//! The system through its own doors, against real servers. One binary: servers are started once and shared, each test
//! has its own merchant or its own installation.

mod audit;
mod documents;
mod doors;
mod imports;
mod installation;
mod pos;
mod privacy;
mod products;
mod proofs;
mod rfm;
mod scenarios;
mod support;
