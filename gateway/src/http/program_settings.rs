//! Program settings: read with an ETag, written with If-Match; each write is a new version.

mod goods;
pub mod restore;
pub mod versions;

use std::collections::BTreeSet;

use aggregates::{
    program::{
        EarningRule, Exclusions, Expiry, Inclusions, Multiplier, NegativeBalance, Program, ProgramSettings,
        ProgramVersion, RedemptionRate, Rounding, RuleId, SettingsError, TaxBase,
    },
    time::Timestamp,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use journal::Subject;
use projections::replay;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    badges::definitions::{self, BadgeDocument},
    body::{JsonBody, Params},
    etag, history,
    mail::settings::MailDocument,
    referrals::settings::ReferralsDocument,
    rfm::settings::RfmDocument,
    tiers::settings::TiersDocument,
};
use crate::{
    auth::Caller,
    gateway::Gateway,
    problem::{Code, Problem},
};
pub use goods::SelectionDocument;

/// The settings document, as read and as written. In a write, a missing section keeps what it was; `version` is ignored.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProgramSettings)]
pub struct SettingsDocument {
    #[serde(default)]
    pub version: u32,
    /// From when on orders are judged by these settings; now, if not said.
    #[serde(default)]
    pub effective_from: Option<String>,
    #[serde(default)]
    pub earning_rules: Option<Vec<RuleDocument>>,
    #[serde(default)]
    pub hold: Option<HoldDocument>,
    #[serde(default)]
    pub expiry: Option<ExpiryDocument>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub negative_balance: Option<NegativeBalance>,
    #[serde(default)]
    pub redemption: Option<RedemptionDocument>,
    #[serde(default)]
    pub redact_grace_hours: Option<u32>,
    /// Days that points live which come back to a lot after its expiry.
    #[serde(default)]
    pub return_grace_days: Option<u32>,
    /// Segments of the shop's buyers. A part that is left out stays as it was; counts from the next daily window on.
    #[serde(default)]
    pub rfm: Option<RfmDocument>,
    /// VIP tiers. A part that is left out stays as it was.
    #[serde(default)]
    pub vip_tiers: Option<TiersDocument>,
    /// How friends are brought and paid for. A part that is left out stays as it was; referrals under way go on by the
    /// version they began under.
    #[serde(default)]
    pub referrals: Option<ReferralsDocument>,
    /// What customers can achieve; replaced as a whole.
    #[serde(default)]
    pub badges: Option<Vec<BadgeDocument>>,
    /// What is sent to customers. A part that is left out stays as it was.
    #[serde(default)]
    pub mail: Option<MailDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EarningRule)]
pub struct RuleDocument {
    pub id: String,
    #[serde(default)]
    pub kind: RuleKind,
    /// Exact decimal text, such as `"1.5"`.
    #[serde(deserialize_with = "decimal")]
    #[schema(value_type = String)]
    pub points_per_unit: Decimal,
    #[serde(default)]
    pub minimum_minor: i64,
    #[serde(default = "down")]
    #[schema(value_type = String)]
    pub rounding: Rounding,
    #[serde(default)]
    pub include: IncludeDocument,
    #[serde(default)]
    pub exclude: ExcludeDocument,
    /// Only lines with these goods count. A rule for some goods beside one for all pays more for them.
    #[serde(default)]
    pub only: Option<SelectionDocument>,
    #[serde(default)]
    pub multiplier: Option<MultiplierDocument>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    #[default]
    Order,
}

const fn down() -> Rounding {
    Rounding::Down
}

const fn yes() -> bool {
    true
}

/// Text, or a whole number; never a binary fraction.
pub(super) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Whole(i64),
    }
    match Written::deserialize(deserializer)? {
        Written::Text(text) => {
            Decimal::from_str_exact(&text).map_err(|_| serde::de::Error::custom("not a decimal number"))
        }
        Written::Whole(whole) => Ok(Decimal::from(whole)),
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncludeDocument {
    #[serde(default = "as_priced")]
    #[schema(value_type = String)]
    pub tax: TaxBase,
    #[serde(default)]
    pub shipping: bool,
}

const fn as_priced() -> TaxBase {
    TaxBase::AsPriced
}

impl Default for IncludeDocument {
    fn default() -> Self {
        IncludeDocument { tax: TaxBase::AsPriced, shipping: false }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcludeDocument {
    #[serde(default)]
    pub product_ids: BTreeSet<String>,
    #[serde(default)]
    pub variant_ids: BTreeSet<String>,
    #[serde(default)]
    pub skus: BTreeSet<String>,
    #[serde(default)]
    pub vendors: BTreeSet<String>,
    #[serde(default = "yes")]
    pub gift_cards: bool,
    /// As the product was stated at the time of the order.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    #[serde(default)]
    pub product_types: BTreeSet<String>,
    /// Ids of collections.
    #[serde(default)]
    pub collections: BTreeSet<String>,
}

impl Default for ExcludeDocument {
    fn default() -> Self {
        ExcludeDocument {
            product_ids: BTreeSet::new(),
            variant_ids: BTreeSet::new(),
            skus: BTreeSet::new(),
            vendors: BTreeSet::new(),
            gift_cards: true,
            tags: BTreeSet::new(),
            product_types: BTreeSet::new(),
            collections: BTreeSet::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MultiplierDocument {
    #[serde(deserialize_with = "decimal")]
    #[schema(value_type = String)]
    pub factor: Decimal,
    pub from: String,
    pub until: String,
}

/// `points` buy `amount_minor` of discount.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedemptionDocument {
    pub points: i64,
    pub amount_minor: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldDocument {
    pub days: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpiryDocument {
    pub kind: ExpiryKind,
    #[serde(default)]
    pub days: Option<u32>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryKind {
    None,
    AfterEarning,
    Inactivity,
}

impl SettingsDocument {
    /// As `GET /v1/program_settings` answers them.
    pub fn of(version: &ProgramVersion) -> Self {
        let settings = &version.settings;
        SettingsDocument {
            version: version.version,
            effective_from: Some(version.effective_from.to_rfc3339()),
            earning_rules: Some(settings.earning_rules.iter().map(RuleDocument::of).collect()),
            hold: Some(HoldDocument { days: settings.hold_days }),
            expiry: Some(match settings.expiry {
                Expiry::None => ExpiryDocument { kind: ExpiryKind::None, days: None },
                Expiry::AfterEarning { days } => ExpiryDocument { kind: ExpiryKind::AfterEarning, days: Some(days) },
                Expiry::Inactivity { days } => ExpiryDocument { kind: ExpiryKind::Inactivity, days: Some(days) },
            }),
            negative_balance: Some(settings.negative_balance),
            redemption: Some(RedemptionDocument {
                points: settings.redemption.points,
                amount_minor: settings.redemption.amount_minor,
            }),
            redact_grace_hours: Some(settings.redact_grace_hours),
            return_grace_days: Some(settings.return_grace_days),
            rfm: Some(RfmDocument::of(&settings.rfm)),
            vip_tiers: Some(TiersDocument::of(&settings.tiers)),
            referrals: Some(ReferralsDocument::of(&settings.referrals)),
            badges: Some(definitions::documents(&settings.badges)),
            mail: Some(MailDocument::of(&settings.mail)),
        }
    }

    pub(super) fn on_top_of(self, current: &ProgramSettings) -> Result<ProgramSettings, Problem> {
        let mut settings = current.clone();
        if let Some(rules) = self.earning_rules {
            settings.earning_rules =
                rules.into_iter().enumerate().map(|(index, rule)| rule.read(index)).collect::<Result<_, _>>()?;
        }
        if let Some(hold) = self.hold {
            settings.hold_days = hold.days;
        }
        if let Some(expiry) = self.expiry {
            settings.expiry = expiry.read()?;
        }
        settings.negative_balance = self.negative_balance.unwrap_or(settings.negative_balance);
        if let Some(rate) = self.redemption {
            settings.redemption = RedemptionRate { points: rate.points, amount_minor: rate.amount_minor };
        }
        settings.redact_grace_hours = self.redact_grace_hours.unwrap_or(settings.redact_grace_hours);
        settings.return_grace_days = self.return_grace_days.unwrap_or(settings.return_grace_days);
        if let Some(rfm) = self.rfm {
            settings.rfm = rfm.on_top_of(&settings.rfm, "/rfm")?;
        }
        if let Some(tiers) = self.vip_tiers {
            settings.tiers = tiers.on_top_of(&settings.tiers, "/vip_tiers")?;
        }
        if let Some(referrals) = self.referrals {
            settings.referrals = referrals.on_top_of(&settings.referrals);
        }
        if let Some(mail) = self.mail {
            settings.mail = mail.on_top_of(&settings.mail, "/mail")?;
        }
        if let Some(badges) = self.badges {
            settings.badges = definitions::read(badges, "/badges")?;
        }
        settings.validate().map_err(|SettingsError { pointer, problem }| Problem::at(pointer, problem))?;
        Ok(settings)
    }
}

impl ExpiryDocument {
    fn read(self) -> Result<Expiry, Problem> {
        let days = || self.days.ok_or_else(|| Problem::at("/expiry/days", "is required for this kind"));
        Ok(match self.kind {
            ExpiryKind::None => Expiry::None,
            ExpiryKind::AfterEarning => Expiry::AfterEarning { days: days()? },
            ExpiryKind::Inactivity => Expiry::Inactivity { days: days()? },
        })
    }
}

impl RuleDocument {
    fn of(rule: &EarningRule) -> Self {
        RuleDocument {
            id: rule.id.0.clone(),
            kind: RuleKind::Order,
            points_per_unit: rule.points_per_unit,
            minimum_minor: rule.minimum_minor,
            rounding: rule.rounding,
            include: IncludeDocument { tax: rule.include.tax, shipping: rule.include.shipping },
            exclude: ExcludeDocument {
                product_ids: rule.exclude.product_ids.clone(),
                variant_ids: rule.exclude.variant_ids.clone(),
                skus: rule.exclude.skus.clone(),
                vendors: rule.exclude.vendors.clone(),
                gift_cards: rule.exclude.gift_cards,
                tags: rule.exclude.tags.clone(),
                product_types: rule.exclude.product_types.clone(),
                collections: rule.exclude.collections.clone(),
            },
            only: rule.only.as_ref().map(SelectionDocument::of),
            multiplier: rule.multiplier.as_ref().map(|multiplier| MultiplierDocument {
                factor: multiplier.factor,
                from: multiplier.from.to_rfc3339(),
                until: multiplier.until.to_rfc3339(),
            }),
        }
    }

    fn read(self, index: usize) -> Result<EarningRule, Problem> {
        let time = |field: &str, text: &str| {
            Timestamp::parse(text).map_err(|_| {
                Problem::at(format!("/earning_rules/{index}/multiplier/{field}"), "is not an RFC 3339 time")
            })
        };
        let multiplier = match self.multiplier {
            None => None,
            Some(multiplier) => Some(Multiplier {
                factor: multiplier.factor,
                from: time("from", &multiplier.from)?,
                until: time("until", &multiplier.until)?,
            }),
        };
        Ok(EarningRule {
            id: RuleId(self.id),
            points_per_unit: self.points_per_unit,
            minimum_minor: self.minimum_minor,
            rounding: self.rounding,
            include: Inclusions { tax: self.include.tax, shipping: self.include.shipping },
            exclude: Exclusions {
                product_ids: self.exclude.product_ids,
                variant_ids: self.exclude.variant_ids,
                skus: self.exclude.skus,
                vendors: self.exclude.vendors,
                gift_cards: self.exclude.gift_cards,
                tags: self.exclude.tags,
                product_types: self.exclude.product_types,
                collections: self.exclude.collections,
            },
            only: self.only.map(SelectionDocument::read),
            multiplier,
        })
    }
}

fn answer(version: &ProgramVersion) -> (HeaderMap, Json<SettingsDocument>) {
    (etag(version.version), Json(SettingsDocument::of(version)))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SettingsParams {
    /// The newest settings published by then: an RFC 3339 time, or a position of the journal.
    pub as_of: Option<String>,
    /// This version, whenever it was published.
    pub version: Option<u32>,
}

/// The settings that were published last, a version, or those of a past moment.
#[utoipa::path(
    get, path = "/v1/program_settings", tag = "program", security(("api_key" = [])), params(SettingsParams),
    responses((status = 200, body = SettingsDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<SettingsParams>,
) -> Result<(HeaderMap, Json<SettingsDocument>), Problem> {
    let nothing = || Problem::of(Code::NotFound);
    let Some(moment) = history::moment(params.as_of.as_deref())? else {
        let lease = gateway.renew_merchant(caller.merchant()).await?;
        let found = params.version.map_or(lease.program.current(), |version| lease.program.version(version));
        return found.map(answer).ok_or_else(nothing);
    };
    let past = replay::as_of::<Program>(&gateway.journal, Subject::program(caller.merchant()), moment).await?;
    let found = params.version.map_or(past.state.current(), |version| past.state.version(version));
    found.map(answer).ok_or_else(nothing)
}

/// Publishes the next version.
#[utoipa::path(
    put, path = "/v1/program_settings", tag = "program", security(("api_key" = [])),
    params(("If-Match" = String, Header)), request_body = SettingsDocument,
    responses((status = 200, body = SettingsDocument), (status = 412, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: document, .. }: JsonBody<SettingsDocument>,
) -> Result<(StatusCode, HeaderMap, Json<SettingsDocument>), Problem> {
    let (_, current) = gateway.seen_program(&caller, &headers).await?;
    // What was read is sent back with the next version's settings: its old date is not a wish.
    let stated = document.effective_from.as_deref().filter(|text| *text != current.effective_from.to_rfc3339());
    let effective_from = stated
        .map(Timestamp::parse)
        .transpose()
        .map_err(|_| Problem::at("/effective_from", "is not an RFC 3339 time"))?;
    let version = current.version;
    let settings = document.on_top_of(&current.settings)?;
    let (published, _) = gateway.publish_settings(&caller.request, version, settings, effective_from).await?;
    let (headers, document) = answer(&published);
    Ok((StatusCode::OK, headers, document))
}
