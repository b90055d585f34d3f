//! Customers from files, and everything out again.

mod carrying_on;
mod customers;
mod exports;
mod honoured;
mod killed;
mod kit;
mod rejections;
