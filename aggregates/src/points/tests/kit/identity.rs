//! Tokens as link keys would make them: same person and same id, same token; another person, another token.

use uuid::Uuid;

use crate::{
    id::{CustomerId, Fingerprint, Token},
    points::{KeyedView, LinkSecret},
    sealed::Sealed,
    waiting::WaitingFact,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person(pub u8);

impl Person {
    pub fn id(self) -> CustomerId {
        CustomerId(Uuid::from_u128(u128::from(self.0)))
    }

    pub fn token(self, id: &str) -> Token {
        let halves = [self.hash(1, id.as_bytes()), self.hash(2, id.as_bytes())];
        let mut token = [0; 16];
        token[..8].copy_from_slice(&halves[0].to_be_bytes());
        token[8..].copy_from_slice(&halves[1].to_be_bytes());
        Token(token)
    }

    pub fn view(self, facts: &[WaitingFact]) -> KeyedView {
        let refunds = facts.iter().map(|fact| refunds(fact).map(|refund| self.token(&refund.refund_id)).collect());
        KeyedView {
            order: self.token(order_of(&facts[0])),
            fingerprints: facts.iter().map(|fact| self.fingerprint(fact)).collect(),
            refunds: refunds.collect(),
            lines: facts.iter().flat_map(line_ids).map(|line| (line.to_owned(), self.token(line))).collect(),
        }
    }

    fn fingerprint(self, fact: &WaitingFact) -> Fingerprint {
        Fingerprint(self.hash(3, &postcard::to_stdvec(fact).expect("a fact is a plain value")))
    }

    /// FNV-1a over the person, the purpose and the bytes, with its high half mixed by a last multiplication.
    fn hash(self, purpose: u8, bytes: &[u8]) -> u64 {
        let words = [self.0, purpose];
        let sum: u64 = words
            .iter()
            .chain(bytes)
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        (sum ^ (sum >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

pub fn order_of(fact: &WaitingFact) -> &str {
    match fact {
        WaitingFact::Body(body) => &body.order_id,
        WaitingFact::Refund { order_id, .. } => order_id,
    }
}

fn refunds(fact: &WaitingFact) -> impl Iterator<Item = &crate::order::Refund> {
    match fact {
        WaitingFact::Body(body) => body.refunds.iter(),
        WaitingFact::Refund { refund, .. } => std::slice::from_ref(refund).iter(),
    }
}

fn line_ids(fact: &WaitingFact) -> Vec<&str> {
    let of_body = match fact {
        WaitingFact::Body(body) => body.lines.as_slice(),
        WaitingFact::Refund { .. } => &[],
    };
    let of_refunds = refunds(fact).flat_map(|refund| &refund.lines).map(|line| line.line_id.as_str());
    of_body.iter().map(|line| line.line_id.as_str()).chain(of_refunds).collect()
}

/// A link key on its way into another account. Sealing is the vault's business; here it only says whose key it is.
pub fn sealed_key(person: Person) -> Sealed<LinkSecret> {
    Sealed::from_ciphertext(vec![person.0])
}

pub fn key_of(link: &Sealed<LinkSecret>) -> Person {
    Person(link.ciphertext()[0])
}
