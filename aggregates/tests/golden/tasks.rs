//! Samples of the task queue.

use aggregates::{
    id::{CustomerId, TaskId},
    task::{
        DiscardCause, Priority, TaskCompleted, TaskCreated, TaskDead, TaskDiscarded, TaskEvent, TaskFailed, TaskKind,
        TaskPayload, TaskRetried,
    },
};

use crate::values::*;

pub fn samples() -> Vec<TaskEvent> {
    let id = TaskId(uuid(0x7a));
    let created = TaskCreated {
        id,
        kind: TaskKind::named("discount.create"),
        customer: Some(CustomerId(uuid(0xc1))),
        payload: TaskPayload::Sealed(sealed("a message")),
        priority: Priority::High,
        not_before: at(60),
        at: at(0),
    };
    let bare = TaskCreated {
        customer: None,
        payload: TaskPayload::Open(vec![1, 2, 3]),
        priority: Priority::Low,
        ..created.clone()
    };
    let reason = "the other side answers 502".to_owned();
    vec![
        TaskEvent::Created(created),
        TaskEvent::Created(bare),
        TaskEvent::Failed(TaskFailed { id, attempt: 1, reason: reason.clone(), next_at: at(70), at: at(61) }),
        TaskEvent::Completed(TaskCompleted { id, attempt: 2, note: Some("found it done".to_owned()), at: at(71) }),
        TaskEvent::Completed(TaskCompleted { id, attempt: 1, note: None, at: at(61) }),
        TaskEvent::Dead(TaskDead { id, attempt: 12, reason, at: at(90) }),
        TaskEvent::Retried(TaskRetried { id, at: at(91) }),
        TaskEvent::Discarded(TaskDiscarded {
            id,
            cause: DiscardCause::ByHand,
            reason: Some(sealed("not wanted")),
            at: at(92),
        }),
        TaskEvent::Discarded(TaskDiscarded { id, cause: DiscardCause::CustomerErased, reason: None, at: at(93) }),
    ]
}
