//! What shops and shoppers live through, each told through the doors with signed full-size bodies.

mod gateways;
mod refunds;
