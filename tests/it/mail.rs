//! E-mail, through the doors and a real mail server on a socket.

mod consent;
mod due;
mod kit;
mod outcomes;
mod secured;
mod server;
mod templates;
