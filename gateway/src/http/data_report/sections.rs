//! What a report says, section by section. The order is that of the questions people ask: who am I to you, what do I
//! have, what have I done, what was done about me.

use aggregates::{
    customer::{CustomerEvent, PROFILE_TAG},
    gdpr::{GdprEvent, StatedRequest},
    id::CustomerId,
    points::{Account, OrderAssessed, PointsEvent},
    sealed::Sealed,
    time::Timestamp,
};
use journal::{Positioned, Subject};
use projections::{
    audit_logs::{self, Filter},
    customers, data_requests,
    points_transactions::{self, Page},
    projection::events_of,
    referrals,
    replay::{Moment, Past},
};
use serde::de::DeserializeOwned;
use vault::PersonKeys;

use super::{
    documents::{
        About, BroughtAlong, OrderFacts, PersonsLink, PersonsReferral, PrivacyRequest, SCHEMA, SpentPoints,
        StatedProfile,
    },
    writer::{ReaderGone, Writer},
};
use crate::{
    auth::Caller,
    commands::{
        CommandError,
        birthday::BIRTHDAY_TAG,
        import::REFERRAL_TAG,
        order::{LINES_TAG, REFERENCE_TAG},
        privacy::STATED_TAG,
        referrals::link::code_of,
    },
    gateway::Gateway,
    http::{audit_logs as audit_doors, customers as customer_doors, explanation, transactions},
    problem::Problem,
};

const OPENED: &str = "Text that was sealed is shown opened. Nothing of this report is kept.";
const ERASED: &str =
    "This person was erased. What is left are numbers: nothing here leads back to anybody without other data.";
/// Rows read at once.
pub(super) const ROWS_AT_ONCE: i64 = 250;

/// Why a report was not completed.
pub enum Stopped {
    Failed(Box<Problem>),
    ReaderGone,
}

impl<E: Into<Problem>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Stopped::Failed(Box::new(error.into()))
    }
}

/// A report in the making.
pub struct Report {
    pub gateway: Gateway,
    pub caller: Caller,
    pub customer: CustomerId,
    pub expires_at: Timestamp,
}

/// Somebody whose data is part of the report: the person, or a profile that was merged into them.
pub(super) struct Part {
    pub id: CustomerId,
    /// None once they are gone.
    pub keys: Option<std::sync::Arc<PersonKeys>>,
    commits: Vec<Positioned>,
}

impl Report {
    /// Writes all of it, or makes the reader notice that it was broken off.
    pub async fn write(self, mut writer: Writer) {
        match self.write_sections(&mut writer).await {
            Ok(()) | Err(Stopped::ReaderGone) => {}
            Err(Stopped::Failed(problem)) => {
                tracing::warn!(code = problem.code.as_str(), "a data report was broken off");
                writer.break_off().await;
            }
        }
    }

    async fn write_sections(&self, writer: &mut Writer) -> Result<(), Stopped> {
        let parts = self.parts().await?;
        writer.begin(&self.about(&parts)).await.map_err(gone)?;
        self.person(writer, &parts).await?;
        self.choices(writer, &parts).await?;
        self.cards(writer, &parts).await?;
        self.points(writer).await?;
        self.orders(writer, &parts).await?;
        self.redemptions(writer).await?;
        self.referrals(writer).await?;
        self.tiers(writer, &parts).await?;
        self.badges(writer).await?;
        self.actions(writer, &parts).await?;
        self.scores(writer, &parts).await?;
        self.segments(writer, &parts).await?;
        self.mails(writer, &parts).await?;
        self.tasks(writer, &parts).await?;
        self.requests(writer, &parts).await?;
        self.audit_entries(writer, &parts).await?;
        writer.end().await.map_err(gone)
    }

    /// The person and all profiles that were merged into them, whoever of them still has keys.
    async fn parts(&self) -> Result<Vec<Part>, Stopped> {
        let mut wanted = vec![self.customer];
        let mut parts: Vec<Part> = Vec::new();
        while let Some(&id) = wanted.get(parts.len()).filter(|_| parts.len() < explanation::HISTORIES_MAX) {
            let keys = self.gateway.keys_for(&self.caller, id).await?;
            let subject = Subject::points(self.caller.merchant(), id);
            let commits = self.gateway.journal.read(&subject, 0).await.map_err(CommandError::from)?;
            for commit in &commits {
                for event in events_of::<PointsEvent>(commit)? {
                    if let PointsEvent::AccountAbsorbed(event) = event {
                        wanted.push(event.from);
                    }
                }
            }
            parts.push(Part { id, keys, commits });
        }
        Ok(parts)
    }

    fn about(&self, parts: &[Part]) -> About {
        let erased = is_erased(parts);
        About {
            schema: SCHEMA,
            customer_id: self.customer.to_string(),
            merchant_id: self.caller.merchant().to_string(),
            made_at: self.caller.request.now.to_rfc3339(),
            expires_at: self.expires_at.to_rfc3339(),
            erased,
            note: if erased { ERASED } else { OPENED },
        }
    }

    async fn person(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let merchant = self.caller.merchant();
        writer.section("customer", "Who you are to the shop").await.map_err(gone)?;
        for part in parts {
            if let Some(row) = customers::find(&self.gateway.db, merchant, part.id).await? {
                let document = customer_doors::open(&self.gateway, &self.caller, row).await?;
                writer.row(&document).await.map_err(gone)?;
            }
        }
        writer.end_section().await.map_err(gone)?;
        writer.section("profile_history", "Profiles as the shop stated them").await.map_err(gone)?;
        for part in parts {
            let subject = Subject::customer(merchant, part.id);
            for commit in self.gateway.journal.read(&subject, 0).await.map_err(CommandError::from)? {
                for event in events_of::<CustomerEvent>(&commit)? {
                    if let Some(row) = profile_row(&commit, &event, part.keys.as_deref()) {
                        writer.row(&row).await.map_err(gone)?;
                    }
                }
            }
        }
        writer.end_section().await.map_err(gone)?;
        self.brought_along(writer, parts).await
    }

    async fn brought_along(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        writer.section("brought_along", "What came along from another programme").await.map_err(gone)?;
        for part in parts {
            let subject = Subject::customer(self.caller.merchant(), part.id);
            for commit in self.gateway.journal.read(&subject, 0).await.map_err(CommandError::from)? {
                for event in events_of::<CustomerEvent>(&commit)? {
                    let CustomerEvent::Imported(imported) = event else { continue };
                    let code = imported.referral.and_then(|code| opened(part.keys.as_deref(), REFERRAL_TAG, &code));
                    let row = BroughtAlong {
                        recorded_at: commit.commit.recorded_at.to_rfc3339(),
                        position: commit.position,
                        tier: imported.tier,
                        referral_code: code.map(|referral| referral.code),
                    };
                    writer.row(&row).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }

    async fn points(&self, writer: &mut Writer) -> Result<(), Stopped> {
        let now = Moment::Position(u64::MAX);
        let explained = explanation::explain(&self.gateway, &self.caller, self.customer, now).await?;
        writer.section("balance", "Points you have").await.map_err(gone)?;
        writer.row(&explained.balance).await.map_err(gone)?;
        writer.end_section().await.map_err(gone)?;
        writer.section("lots", "Where they come from").await.map_err(gone)?;
        for lot in &explained.lots {
            writer.row(lot).await.map_err(gone)?;
        }
        writer.end_section().await.map_err(gone)?;
        writer.section("points_transactions", "Every change of your points").await.map_err(gone)?;
        self.ledger(writer).await?;
        writer.end_section().await.map_err(gone)
    }

    async fn ledger(&self, writer: &mut Writer) -> Result<(), Stopped> {
        let keys = self.gateway.keys_for(&self.caller, self.customer).await?;
        let mut before = None;
        loop {
            let page = Page { limit: ROWS_AT_ONCE, before };
            let merchant = self.caller.merchant();
            let lines = points_transactions::list(&self.gateway.db, merchant, self.customer, page).await?;
            let Some(last) = lines.last() else { return Ok(()) };
            before = Some((last.position, last.line));
            for line in lines {
                writer
                    .row(&transactions::document(line, keys.as_deref(), self.caller.request.now))
                    .await
                    .map_err(gone)?;
            }
        }
    }

    async fn orders(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        writer.section("orders", "What was told of your orders").await.map_err(gone)?;
        for part in parts {
            for commit in &part.commits {
                for event in events_of::<PointsEvent>(commit)? {
                    if let PointsEvent::OrderAssessed(order) = event {
                        writer.row(&order_row(commit, &order, part.keys.as_deref())).await.map_err(gone)?;
                    }
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }

    async fn redemptions(&self, writer: &mut Writer) -> Result<(), Stopped> {
        writer.section("reward_redemptions", "Points you spent").await.map_err(gone)?;
        let keys = self.gateway.vault.merchant(self.caller.merchant()).await.map_err(CommandError::from)?;
        let subject = Subject::points(self.caller.merchant(), self.customer);
        let mut account = Past::<Account>::default();
        for commit in self.gateway.journal.read(&subject, 0).await.map_err(CommandError::from)? {
            account.take_in(&commit)?;
        }
        let mut redemptions: Vec<_> = account.state.redemptions.iter().collect();
        redemptions.sort_by_key(|(_, redemption)| redemption.position);
        for (id, redemption) in redemptions {
            let row = SpentPoints::new(*id, redemption, keys.derive_code(id.0));
            writer.row(&row).await.map_err(gone)?;
        }
        writer.end_section().await.map_err(gone)
    }

    async fn referrals(&self, writer: &mut Writer) -> Result<(), Stopped> {
        let merchant = self.caller.merchant();
        let keys = self.gateway.vault.merchant(merchant).await.map_err(CommandError::from)?;
        writer.section("referral_links", "Links of yours to bring friends by").await.map_err(gone)?;
        for link in referrals::links_of(&self.gateway.db, merchant, self.customer).await? {
            let code = code_of(&keys, merchant, link.id).to_string();
            writer.row(&PersonsLink::new(&link, code)).await.map_err(gone)?;
        }
        writer.end_section().await.map_err(gone)?;
        writer.section("referrals", "Whom you brought, and whether you were brought").await.map_err(gone)?;
        let filter = referrals::Filter { customer: Some(self.customer), ..referrals::Filter::default() };
        let mut before = None;
        loop {
            let rows = referrals::list(&self.gateway.db, merchant, filter, before, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            before = Some((last.identified_at, last.id));
            for row in rows {
                writer.row(&PersonsReferral::new(row, self.customer)).await.map_err(gone)?;
            }
        }
        writer.end_section().await.map_err(gone)
    }

    /// Of somebody who was erased only that there were requests: what these stated has gone with the person's key.
    async fn requests(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let merchant = self.caller.merchant();
        writer.section("gdpr_requests", "Requests about your data").await.map_err(gone)?;
        let keys = parts.first().and_then(|part| part.keys.as_deref());
        for request in data_requests::of_customer(&self.gateway.db, merchant, self.customer).await? {
            let subject = Subject::gdpr(merchant, request.id);
            let commits = self.gateway.journal.read(&subject, 0).await.map_err(CommandError::from)?;
            let stated = stated(&commits, keys)?;
            let row = PrivacyRequest::new(request, stated);
            writer.row(&row).await.map_err(gone)?;
        }
        writer.end_section().await.map_err(gone)
    }

    async fn audit_entries(&self, writer: &mut Writer, parts: &[Part]) -> Result<(), Stopped> {
        let merchant = self.caller.merchant();
        writer.section("audit_log", "What was done about you, and by whom").await.map_err(gone)?;
        for part in parts {
            let filter = Filter { customer: Some(part.id), ..Filter::default() };
            let mut before = None;
            loop {
                let page = audit_logs::Page { limit: ROWS_AT_ONCE, before };
                let rows = audit_logs::list(&self.gateway.db, merchant, &filter, page).await?;
                let Some(last) = rows.last() else { break };
                before = Some((last.position, last.line));
                for entry in audit_doors::documents(&self.gateway, &self.caller, rows).await? {
                    writer.row(&entry).await.map_err(gone)?;
                }
            }
        }
        writer.end_section().await.map_err(gone)
    }
}

/// The person's own keys are gone.
fn is_erased(parts: &[Part]) -> bool {
    parts.first().is_none_or(|part| part.keys.is_none())
}

pub(super) fn gone(_: ReaderGone) -> Stopped {
    Stopped::ReaderGone
}

/// The plain value, where the person's keys still open it.
fn opened<T: DeserializeOwned>(keys: Option<&PersonKeys>, tag: &'static str, sealed: &Sealed<T>) -> Option<T> {
    keys?.open(tag, sealed).ok()
}

fn profile_row(commit: &Positioned, event: &CustomerEvent, keys: Option<&PersonKeys>) -> Option<StatedProfile> {
    let profile = match event {
        CustomerEvent::Enrolled(event) => &event.profile,
        CustomerEvent::ProfileUpdated(event) => &event.profile,
        CustomerEvent::BirthdayTold(event) => {
            let birthday = event.birthday.as_ref().and_then(|sealed| opened(keys, BIRTHDAY_TAG, sealed));
            return Some(StatedProfile::new(commit, None, birthday));
        }
        _ => return None,
    };
    Some(StatedProfile::new(commit, opened(keys, PROFILE_TAG, profile), None))
}

fn order_row(commit: &Positioned, order: &OrderAssessed, keys: Option<&PersonKeys>) -> OrderFacts {
    let reference = order.reference.as_ref().and_then(|sealed| opened(keys, REFERENCE_TAG, sealed));
    let lines = order.lines.as_ref().and_then(|sealed| opened(keys, LINES_TAG, sealed));
    OrderFacts::new(commit, order, reference, lines)
}

fn stated(commits: &[Positioned], keys: Option<&PersonKeys>) -> Result<Option<StatedRequest>, Problem> {
    // Receiving it is the first thing that happened to it.
    let Some(first) = commits.first() else { return Ok(None) };
    let stated = events_of::<GdprEvent>(first)?.into_iter().find_map(|event| match event {
        GdprEvent::Received(received) => received.stated,
        _ => None,
    });
    Ok(stated.and_then(|stated| opened(keys, STATED_TAG, &stated)))
}
