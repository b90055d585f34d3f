//! One referral. Most decisions write on it alone; those that pay, or take back, hold both accounts as well, and all three
//! change in one atomic commit or none does.

use std::sync::Arc;

use aggregates::{
    Aggregate,
    customer::{Erasure, Standing},
    event::Recorded,
    id::{CustomerId, MerchantId, ReferralId},
    points::{Account, PointsCommand, PointsEvent, PointsRefusal, StaffNote},
    program::{Program, ReferralSettings},
    referral::{Completed, Consider, FriendOrder, Parties, Referral, ReferralCommand, ReferralEvent, Side, reward},
    sealed::Sealed,
    time::Timestamp,
};
use journal::{
    Actor, CommandContext, Subject, Together,
    executor::{Held, RandomIds, Retry},
};
use projections::referrals;

use super::{MERGES_FOLLOWED_MAX, ReferralError, Referrer, before::Came};

/// What is asked of a referral here.
enum Question<'a> {
    /// `touched` is up to where the log concerns it.
    Consider {
        touched: u64,
    },
    Reject {
        reason: &'a Sealed<StaffNote>,
        through: u64,
    },
}

/// Everything around one decision.
struct Scene<'a> {
    merchant: MerchantId,
    id: ReferralId,
    context: &'a CommandContext,
    question: Question<'a>,
    parties: Parties,
    program: Arc<Program>,
    rules: ReferralSettings,
    recent: u32,
    came: Came,
}

/// Accounts in hand. One, where both sides are one person by now; none of somebody who was forgotten.
#[derive(Default)]
struct Accounts {
    held: Vec<(CustomerId, Held<Account>)>,
}

/// What came of one attempt.
enum Attempt {
    Written(Option<u64>),
    /// Points move: both accounts are needed.
    NeedsAccounts,
}

impl Referrer {
    /// Decides on a referral as things stand. Gives the position of what it wrote, if there was anything to write.
    pub(super) async fn consider(
        &self,
        merchant: MerchantId,
        id: ReferralId,
        touched: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, ReferralError> {
        let context = CommandContext::of(Actor::Policy("referrals".to_owned()), (self.new_id)(), now);
        self.carry_out(merchant, id, &context, || Question::Consider { touched }).await
    }

    /// The merchant decides against it; what was paid goes back in the same commit.
    ///
    /// # Errors
    /// [`ReferralError`]
    pub async fn reject(
        &self,
        merchant: MerchantId,
        id: ReferralId,
        context: &CommandContext,
        reason: &Sealed<StaffNote>,
    ) -> Result<Option<u64>, ReferralError> {
        self.carry_out(merchant, id, context, || Question::Reject { reason, through: 0 }).await
    }

    async fn carry_out<'a>(
        &self,
        merchant: MerchantId,
        id: ReferralId,
        context: &'a CommandContext,
        question: impl Fn() -> Question<'a>,
    ) -> Result<Option<u64>, ReferralError> {
        let mut retry = Retry::new(&RandomIds);
        let mut with_accounts = false;
        loop {
            let Some(scene) = self.scene(merchant, id, context, question()).await? else {
                return Err(aggregates::referral::ReferralRefusal::Unknown.into());
            };
            match self.attempt(&scene, with_accounts).await {
                Ok(Attempt::Written(position)) => return Ok(position),
                Ok(Attempt::NeedsAccounts) => with_accounts = true,
                Err(ReferralError::Contended) if retry.pause().await => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// None if nobody is referred here.
    async fn scene<'a>(
        &self,
        merchant: MerchantId,
        id: ReferralId,
        context: &'a CommandContext,
        question: Question<'a>,
    ) -> Result<Option<Scene<'a>>, ReferralError> {
        let subject = Subject::referral(merchant, id);
        let mut referral = self.referrals.load(subject).await?;
        if referral.state.origin.is_none() {
            referral = self.referrals.load_confirmed(subject).await?;
        }
        let Some(origin) = referral.state.origin else { return Ok(None) };
        let (advocate, friend) =
            futures::try_join!(self.party(merchant, origin.advocate), self.party(merchant, origin.friend))?;
        let program = self.program(merchant, origin.program_version).await?;
        let version = program.version(origin.program_version).ok_or(ReferralError::NoProgram)?;
        let rules = version.settings.referrals.clone();
        let since = Timestamp(origin.at.0 - i64::from(rules.velocity.days) * Timestamp::MICROS_PER_DAY);
        let advocate_by_now = advocate.unwrap_or(origin.advocate);
        let recent = referrals::recent(&self.db, merchant, advocate_by_now, since, (origin.at, id)).await?;
        let (parties, came) = (Parties { advocate, friend }, (origin.at, id));
        Ok(Some(Scene { merchant, id, context, question, parties, program, rules, recent, came }))
    }

    /// Who this is by now; none if they are being forgotten, or were. Confirmed by the log: what made the referral due may
    /// have been written elsewhere a moment ago.
    async fn party(&self, merchant: MerchantId, customer: CustomerId) -> Result<Option<CustomerId>, ReferralError> {
        let mut customer = customer;
        for _ in 0..MERGES_FOLLOWED_MAX {
            let person = self.customers.load_confirmed(Subject::customer(merchant, customer)).await?;
            match person.state.standing {
                Standing::MergedInto(into) => customer = into,
                Standing::Member | Standing::Unknown => {
                    return Ok((person.state.erasure == Erasure::None).then_some(customer));
                }
            }
        }
        Err(ReferralError::Contended)
    }

    async fn program(&self, merchant: MerchantId, version: u32) -> Result<Arc<Program>, ReferralError> {
        let subject = Subject::program(merchant);
        let mut program = self.programs.load(subject).await?;
        if program.state.version(version).is_none() {
            program = self.programs.load_confirmed(subject).await?;
        }
        Ok(Arc::new(program.state.clone()))
    }

    async fn attempt(&self, scene: &Scene<'_>, with_accounts: bool) -> Result<Attempt, ReferralError> {
        let mut together = Together::new(&self.journal, scene.context);
        // Subjects are waited for in their order: accounts, then the referral.
        let accounts = match with_accounts {
            true => self.hold_accounts(&mut together, scene).await?,
            false => Accounts::default(),
        };
        let orders = match scene.parties.friend {
            None => Vec::new(),
            Some(friend) => match accounts.of(friend) {
                Some(held) => FriendOrder::all_of(held.state()),
                None => {
                    let account = self.accounts.load_confirmed(Subject::points(scene.merchant, friend)).await?;
                    FriendOrder::all_of(&account.state)
                }
            },
        };
        let brought_before = match scene.parties.friend {
            Some(friend) => self.brought_before(scene.merchant, friend, scene.came).await?,
            None => false,
        };
        let referral = together.lock(&self.referrals, Subject::referral(scene.merchant, scene.id)).await?;
        let events = referral.state().decide(&scene.command(orders, brought_before))?;
        if events.is_empty() {
            return if referral.is_newest().await? {
                Ok(Attempt::Written(None))
            } else {
                Err(ReferralError::Contended)
            };
        }
        if !with_accounts && events.iter().any(moves_points) {
            return Ok(Attempt::NeedsAccounts);
        }
        let moves = moves_of(scene, referral.state(), &events);
        together.stage(referral, events);
        for (customer, held) in accounts.held {
            let commands = moves.iter().filter(|(whose, _)| *whose == customer).map(|(_, command)| command);
            let events = decide_all(held.state(), commands, scene.context.recorded_at)?;
            together.stage(held, events);
        }
        Ok(Attempt::Written(together.commit().await?.into_iter().max()))
    }

    async fn hold_accounts(&self, together: &mut Together<'_>, scene: &Scene<'_>) -> Result<Accounts, ReferralError> {
        let mut people: Vec<CustomerId> =
            [scene.parties.advocate, scene.parties.friend].into_iter().flatten().collect();
        people.sort_unstable_by_key(|customer| Subject::points(scene.merchant, *customer));
        people.dedup();
        let mut accounts = Accounts::default();
        for customer in people {
            let held = together.lock(&self.accounts, Subject::points(scene.merchant, customer)).await?;
            accounts.held.push((customer, held));
        }
        Ok(accounts)
    }
}

impl Scene<'_> {
    fn command(&self, orders: Vec<FriendOrder>, brought_before: bool) -> ReferralCommand {
        let now = self.context.recorded_at;
        match self.question {
            Question::Consider { touched } => ReferralCommand::Consider(Box::new(Consider {
                orders,
                parties: self.parties,
                rules: self.rules.clone(),
                recent: self.recent,
                brought_before,
                through: touched,
                now,
            })),
            Question::Reject { reason, through } => {
                ReferralCommand::Reject { reason: reason.clone(), at: now, through }
            }
        }
    }
}

impl Accounts {
    fn of(&self, customer: CustomerId) -> Option<&Held<Account>> {
        self.held.iter().find(|(whose, _)| *whose == customer).map(|(_, held)| held)
    }
}

const fn moves_points(event: &ReferralEvent) -> bool {
    matches!(event, ReferralEvent::Completed(_) | ReferralEvent::ClawedBack(_))
}

/// What the decision means for the accounts of those who are there.
fn moves_of(scene: &Scene<'_>, referral: &Referral, events: &[ReferralEvent]) -> Vec<(CustomerId, PointsCommand)> {
    let (program, now) = (&scene.program, scene.context.recorded_at);
    let sides = [(Side::Advocate, scene.parties.advocate), (Side::Friend, scene.parties.friend)];
    let both = |command: &dyn Fn(Side) -> Option<PointsCommand>| -> Vec<(CustomerId, PointsCommand)> {
        sides.iter().filter_map(|(side, whose)| Some(((*whose)?, command(*side)?))).collect()
    };
    let mut paid: Option<&Completed> = referral.paid.as_ref();
    let mut moves = Vec::new();
    for event in events {
        match event {
            ReferralEvent::Completed(completed) => {
                moves.extend(both(&|side| reward::grant(scene.id, completed, side, program, now)));
                paid = Some(completed);
            }
            ReferralEvent::ClawedBack(_) => {
                if let Some(paid) = paid.take() {
                    moves.extend(both(&|side| reward::revoke(paid, side, program, now)));
                }
            }
            _ => {}
        }
    }
    moves
}

/// Several commands on one account, each on top of the one before.
fn decide_all<'a>(
    account: &Account,
    commands: impl Iterator<Item = &'a PointsCommand>,
    at: Timestamp,
) -> Result<Vec<PointsEvent>, ReferralError> {
    let mut account = account.clone();
    let mut all = Vec::new();
    for command in commands {
        let events = match account.decide(command) {
            Ok(events) => events,
            // Merged or fenced since it was looked at: who this is by now is asked anew.
            Err(PointsRefusal::Merged { .. } | PointsRefusal::Erased) => return Err(ReferralError::Contended),
            // It was forgotten with an account that is no more.
            Err(PointsRefusal::UnknownBonus) => Vec::new(),
            Err(refusal) => return Err(ReferralError::Account(refusal)),
        };
        events.iter().for_each(|event| account.apply(event, &Recorded { position: 0, at }));
        all.extend(events);
    }
    Ok(all)
}
