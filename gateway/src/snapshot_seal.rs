//! Snapshots of accounts, sealed under the key of the person they are about: erasing the person ends them too.

use aggregates::id::CustomerId;
use futures::future::BoxFuture;
use journal::{SnapshotSeal, Subject, SubjectId};
use vault::Vault;

const SNAPSHOT_TAG: &str = "snapshot";

pub struct VaultSeal(pub Vault);

impl VaultSeal {
    async fn keys(&self, subject: &Subject) -> Option<std::sync::Arc<vault::PersonKeys>> {
        let SubjectId::Uuid(person) = subject.id else { return None };
        self.0.person(subject.merchant, CustomerId(person)).await.ok()
    }
}

impl SnapshotSeal for VaultSeal {
    fn seal<'a>(&'a self, subject: &'a Subject, plain: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { Some(self.keys(subject).await?.seal_bytes(SNAPSHOT_TAG, plain).into_vec()) })
    }

    fn open<'a>(&'a self, subject: &'a Subject, sealed: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { Some(self.keys(subject).await?.open_bytes(SNAPSHOT_TAG, sealed).ok()?.to_vec()) })
    }

    fn make_ready<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(async move { drop(self.keys(subject).await) })
    }
}
