//! Bodies as Shopify would send them, full-size and from few parameters: for the demo shop, for load and for tests
//! through the front door. What a sample does not set comes from a complete body of an invented shop.
//!
//! ```text
//! let body = OrderSample { lines: vec![(5_000, 1)], ..OrderSample::new(1) }.body();
//! let header = signature::sign(body.as_bytes(), secret);
//! ```

mod amount;
mod customer;
mod order;
mod refund;

pub use customer::{CustomerSample, MergeSample};
pub use order::OrderSample;
pub use refund::{RefundSample, RefundedLineSample};

#[cfg(test)]
mod tests;
