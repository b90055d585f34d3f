//! `GET /v1/audit_logs`: who did what, newest first. Reasons are sealed until this very answer, and opened only for a
//! caller whose key has the scope `personal_data`; what concerned a person who was erased says `erased` in their place.

mod changes;
mod reason;

use aggregates::{
    id::{CustomerId, MerchantId},
    program::Program,
    time::Timestamp,
};
use axum::{Json, extract::State};
use journal::Subject;
use projections::audit_logs::{self, AuditLogs, AuditRow, Filter, TargetKind, in_words};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use changes::Changes;
pub use reason::Reason;

use super::{AsOf, Page, body::Params, customers::rows_wanted, history};
use crate::{
    auth::Caller,
    commands::CommandError,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// The action whose entries show settings before and after.
const SETTINGS_PUBLISHED: &str = "program.settings_published";

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Position and line.
    pub id: String,
    pub recorded_at: String,
    pub actor: ActorDocument,
    /// The merchant, where somebody else acted for it: an operator of the installation, a policy, time itself.
    pub on_behalf_of: Option<String>,
    /// The stored name of the event, such as `points.adjusted`; a name never changes its meaning.
    pub action: String,
    /// The same in plain words.
    pub description: String,
    pub target: TargetDocument,
    /// The person it is about.
    pub customer_id: Option<String>,
    /// `done`; for facts about an order, how it was judged.
    pub outcome: String,
    pub reason: Option<Reason>,
    /// Of settings: before and after.
    pub changes: Option<Changes>,
    /// The `request-id` that the request was answered with; the same for everything that was done for it.
    pub request_id: String,
    pub position: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorDocument {
    /// `shop`, `api_key`, `staff`, `operator`, `policy` or `system`.
    pub kind: String,
    /// The webhook's topic, the key's short id, the member of staff, the operator's or the policy's name.
    pub id: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditTarget)]
pub struct TargetDocument {
    /// `merchant`, `program_settings`, `customer`, `points_account`, `waiting_fact`, `parked_webhook`, `gdpr_request`,
    /// `product` or `books`.
    pub kind: String,
    /// Our id, the shop's id of a product, or the number of a version or a period.
    pub id: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditPage {
    pub data: Vec<AuditEntry>,
    pub has_more: bool,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
    pub as_of: AsOf,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Rows of the page; 50 unless said, at most 250.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
    /// Only what had been recorded by then: an RFC 3339 time, or a position of the journal.
    pub as_of: Option<String>,
    /// `shop`, `api_key`, `staff`, `operator`, `policy` or `system`.
    pub actor_kind: Option<String>,
    pub action: Option<String>,
    pub target_kind: Option<String>,
    pub target_id: Option<String>,
    pub customer_id: Option<String>,
    /// What was done for one request.
    pub request_id: Option<String>,
    /// Recorded at or after this RFC 3339 time.
    pub from: Option<String>,
    /// Recorded before this RFC 3339 time.
    pub to: Option<String>,
    pub position: Option<u64>,
}

/// Who did what.
#[utoipa::path(
    get, path = "/v1/audit_logs", tag = "audit", security(("api_key" = [])), params(AuditParams),
    responses((status = 200, body = AuditPage), (status = 400, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<AuditParams>,
) -> Result<Json<AuditPage>, Problem> {
    let filter = filter(&params)?;
    gateway.fresh_enough(&caller, AuditLogs::NAME, params.min_position).await?;
    let seen = gateway.caught_up(AuditLogs::NAME, None).await?;
    let as_of = match filter.as_of {
        None => AsOf { position: seen.position, time: seen.time.to_rfc3339() },
        Some(moment) => {
            let instant = history::instant(&gateway, &caller, moment).await?;
            history::said_of(moment, seen.position, instant)
        }
    };
    let limit = cursor::limit(params.limit);
    let page = audit_logs::Page { limit: rows_wanted(limit), before: cursor::decode(params.cursor.as_deref())? };
    let rows = audit_logs::list(&gateway.db, caller.merchant(), &filter, page).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.position, row.line)));
    let data = documents(&gateway, &caller, page.data).await?;
    Ok(Json(AuditPage { data, has_more: page.has_more, next_cursor: page.next_cursor, as_of }))
}

fn filter(params: &AuditParams) -> Result<Filter, Problem> {
    let unreadable = |name: &str| Problem::saying(Code::MalformedRequest, format!("{name} cannot be read"));
    let time = |name: &str, text: &Option<String>| {
        // In a query, the `+` of an offset arrives as a space.
        let parsed = text.as_deref().map(|text| Timestamp::parse(&text.replace(' ', "+")));
        parsed.transpose().map_err(|_| unreadable(name))
    };
    let target_kind = params.target_kind.as_deref();
    let customer = params.customer_id.as_deref().map(str::parse::<CustomerId>);
    let request = params.request_id.as_deref().map(str::parse);
    Ok(Filter {
        actor_kind: params.actor_kind.clone(),
        action: params.action.clone(),
        target_kind: target_kind
            .map(|word| TargetKind::parse(word).ok_or_else(|| unreadable("target_kind")))
            .transpose()?,
        target_id: params.target_id.clone(),
        customer: customer.transpose().map_err(|_| unreadable("customer_id"))?,
        request: request.transpose().map_err(|_| unreadable("request_id"))?,
        from: time("from", &params.from)?,
        to: time("to", &params.to)?,
        position: params.position,
        as_of: history::moment(params.as_of.as_deref())?,
    })
}

/// Rows in the words of the API, with what may be opened.
pub(super) async fn documents(
    gateway: &Gateway,
    caller: &Caller,
    rows: Vec<AuditRow>,
) -> Result<Vec<AuditEntry>, Problem> {
    let merchant = caller.merchant();
    let program = match rows.iter().any(|row| row.action == SETTINGS_PUBLISHED) {
        true => gateway.programs.load_confirmed(Subject::program(merchant)).await.map_err(CommandError::from)?,
        false => Default::default(),
    };
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let reason = reason::of(gateway, caller, &row).await?;
        entries.push(document(merchant, row, reason, &program.state));
    }
    Ok(entries)
}

fn document(merchant: MerchantId, row: AuditRow, reason: Option<Reason>, program: &Program) -> AuditEntry {
    let acts_for_itself = matches!(row.actor_kind.as_str(), "shop" | "api_key" | "staff");
    let version = row.target_id.as_ref().filter(|_| row.action == SETTINGS_PUBLISHED);
    let version: Option<u32> = version.and_then(|version| version.parse().ok());
    AuditEntry {
        id: format!("{}-{}", row.position, row.line),
        recorded_at: row.recorded_at.to_rfc3339(),
        actor: ActorDocument { kind: row.actor_kind, id: row.actor },
        on_behalf_of: (!acts_for_itself).then(|| merchant.to_string()),
        description: in_words(&row.action).to_owned(),
        action: row.action,
        target: TargetDocument { kind: row.target_kind, id: row.target_id },
        customer_id: row.customer.map(|customer| customer.to_string()),
        outcome: row.outcome,
        reason,
        changes: version.and_then(|version| Changes::of(program, version)),
        request_id: row.request.to_string(),
        position: row.position,
    }
}
