//! Commits for tests.

use aggregates::{
    Context,
    id::{CommandId, CommitId, MerchantId},
    time::Timestamp,
};
use journal::{Actor, Commit, Group, Positioned, Subject, SubjectId};
use uuid::Uuid;

/// The commit at a position. Another position gives other bytes.
pub(crate) fn commit(position: u64) -> Positioned {
    let id = Uuid::from_u128(u128::from(position));
    let commit = Commit {
        commit_id: CommitId(id),
        command_id: CommandId(id),
        group: None,
        actor: Actor::System,
        correlation: id,
        causation: None,
        recorded_at: Timestamp(0),
        occurred_at: None,
        request: None,
        events: Vec::new(),
    };
    Positioned {
        position,
        subject: Subject { merchant: MerchantId(Uuid::nil()), context: Context::Points, id: SubjectId::Uuid(id) },
        payload: commit.encode().into(),
        commit,
        traceparent: None,
        stored_at: Timestamp(0),
    }
}

/// The same in another context.
pub(crate) fn commit_of(context: Context, position: u64) -> Positioned {
    let commit = commit(position);
    Positioned { subject: Subject { context, ..commit.subject }, ..commit }
}

/// The same, written together with others: its place among so many.
pub(crate) fn member(position: u64, index: u16, count: u16) -> Positioned {
    let mut commit = commit(position);
    commit.commit.group = Some(Group { id: Uuid::nil(), index, count });
    commit
}
