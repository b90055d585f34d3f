//! The system through its own doors, against real servers. One binary: servers are started once and shared, each test
//! has its own merchant or its own installation.

mod audit;
mod badges;
mod campaigns;
mod documents;
mod doors;
mod generations;
mod imports;
mod installation;
mod mail;
mod operations;
mod pos;
mod privacy;
mod products;
mod proofs;
mod referrals;
mod rewards;
mod rfm;
mod scenarios;
mod support;
mod tasks;
mod tiers;
mod whatif;
