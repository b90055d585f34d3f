//! Ports on loopback.

use std::net::{Ipv4Addr, TcpListener};

use aws_lc_rs::rand;

use super::ServerError;

/// Below 32768 the kernel hands out no ports of its own accord, so nobody's outgoing connection sits there by chance.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_767;
/// Ports tried before giving up. A machine where this many in a row are taken is not in order.
const ATTEMPTS: usize = 64;

/// A port that was free a moment ago. Others may still take it first: whoever uses it must be ready to ask again.
/// Random, because tests in other processes look for theirs at the same time.
pub(crate) fn free() -> Result<u16, ServerError> {
    (0..ATTEMPTS)
        .map(|_| random())
        .find(|port| is_free(*port))
        .ok_or(ServerError::NoFreePort { first: FIRST, last: LAST })
}

pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn random() -> u16 {
    let mut bytes = [0; 2];
    rand::fill(&mut bytes).expect("the operating system's random source does not fail once it has been seeded");
    FIRST + u16::from_ne_bytes(bytes) % (LAST - FIRST + 1)
}
