//! Snapshots, sealed: of accounts under the key of the person they are about, so that erasing the person ends them too; of
//! shards, which are about nobody, under the merchant's.

use std::sync::Arc;

use aggregates::id::CustomerId;
use futures::future::BoxFuture;
use journal::{SnapshotSeal, Subject, SubjectId};
use vault::{MerchantKeys, PersonKeys, Vault};

const SNAPSHOT_TAG: &str = "snapshot";

pub struct VaultSeal(pub Vault);

enum Keys {
    Person(Arc<PersonKeys>),
    Merchant(Arc<MerchantKeys>),
}

impl VaultSeal {
    async fn keys(&self, subject: &Subject) -> Option<Keys> {
        match subject.id {
            SubjectId::Uuid(person) => self.0.person(subject.merchant, CustomerId(person)).await.ok().map(Keys::Person),
            SubjectId::Shard(_) => self.0.merchant(subject.merchant).await.ok().map(Keys::Merchant),
            SubjectId::Main => None,
        }
    }
}

impl Keys {
    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        match self {
            Keys::Person(keys) => keys.seal_bytes(SNAPSHOT_TAG, plain).into_vec(),
            Keys::Merchant(keys) => keys.seal_bytes(SNAPSHOT_TAG, plain).into_vec(),
        }
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let opened = match self {
            Keys::Person(keys) => keys.open_bytes(SNAPSHOT_TAG, sealed),
            Keys::Merchant(keys) => keys.open_bytes(SNAPSHOT_TAG, sealed),
        };
        opened.ok().map(|plain| plain.to_vec())
    }
}

impl SnapshotSeal for VaultSeal {
    fn seal<'a>(&'a self, subject: &'a Subject, plain: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { Some(self.keys(subject).await?.seal(plain)) })
    }

    fn open<'a>(&'a self, subject: &'a Subject, sealed: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { self.keys(subject).await?.open(sealed) })
    }

    fn make_ready<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(async move { drop(self.keys(subject).await) })
    }
}
