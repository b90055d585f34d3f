//! A refresh token that nobody uses ends one day, and the connection with it. So a shop in which nothing was made for weeks has
//! its token renewed all the same: by a task that is put on the queue, weeks ahead, whenever there is a new pair.

use aggregates::{
    id::MerchantId,
    task::{Priority, TaskKind},
    time::Timestamp,
};
use futures::future::BoxFuture;
use journal::{Actor, CommandContext};

use super::{AccessError, AdminTokens};
use crate::tasks::{Handler, NewPayload, NewTask, Outcome, Task};

/// Renews a token that was not used for long.
pub const KEEP: TaskKind = TaskKind::named("shopify.keep_token");
/// From a new pair to the look whether it was renewed since; half the life of a refresh token.
const LOOK_AFTER_DAYS: u32 = 45;
/// Tokens are renewed every hour while a shop is busy: all looks of so many days are one.
const LOOKS_APART_DAYS: i64 = 15;
/// A pair younger than this need not be renewed: the next look comes before its end.
const YOUNG_DAYS: u32 = 30;

/// [`KEEP`]
pub struct KeepToken(pub AdminTokens);

impl Handler for KeepToken {
    fn kind(&self) -> TaskKind {
        KEEP
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let actor = Actor::Policy("admin_tokens".to_owned());
            let of = CommandContext::of(actor, (self.0.0.new_id)(), task.now);
            let context = CommandContext { correlation: task.request, ..of };
            self.0.keep_one(&context, task.merchant).await.unwrap_or_else(Outcome::from)
        })
    }
}

impl AdminTokens {
    /// Puts the look at a new pair on the queue, once in a while.
    ///
    /// # Errors
    /// [`AccessError::Task`]
    pub async fn keep(&self, context: &CommandContext, merchant: MerchantId) -> Result<(), AccessError> {
        let look_at = context.recorded_at.plus_days(LOOK_AFTER_DAYS);
        let apart = Timestamp::MICROS_PER_DAY * LOOKS_APART_DAYS;
        let task = NewTask {
            kind: KEEP,
            key: look_at.0.div_euclid(apart).to_string(),
            customer: None,
            payload: NewPayload::Ids(Vec::new()),
            priority: Priority::Low,
            not_before: Some(look_at),
        };
        self.0.tasks.enqueue(context, merchant, &task).await?;
        Ok(())
    }

    async fn keep_one(&self, context: &CommandContext, merchant: MerchantId) -> Result<Outcome, AccessError> {
        let connected = self.current(merchant).await?;
        let Some((shop, access)) = connected.filter(|(shop, _)| shop.life.is_some()) else {
            return Ok(Outcome::done("no token that ends"));
        };
        if shop.needs_reconnection.is_some() {
            return Ok(Outcome::done("the shop has to be connected again"));
        }
        if context.recorded_at < shop.issued_at.plus_days(YOUNG_DAYS) {
            self.keep(context, merchant).await?;
            return Ok(Outcome::done("in use"));
        }
        self.renew(context, merchant, &access).await?;
        Ok(Outcome::done("renewed"))
    }
}
