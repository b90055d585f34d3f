//! In whose words, and with which values.

use aggregates::{
    mail::{Language, Template, Variable},
    points::{Account, Delivery},
};
use journal::Subject;
use vault::MerchantKeys;

use super::{
    MailError,
    handler::{Attempt, MailHandler},
    render::Values,
    words,
};

/// Words that were chosen for a reader.
pub(super) struct Chosen {
    pub template: Template,
    pub language: Language,
    /// None where they are ours.
    pub version: Option<u32>,
}

impl MailHandler {
    /// In the reader's language, else in the merchant's, else in English; the merchant's own words before ours.
    pub(super) async fn words(&self, at: &Attempt<'_>, readers: Option<&Language>) -> Result<Chosen, MailError> {
        let templates = self.templates.load_confirmed(Subject::mail_templates(at.task.merchant)).await?;
        let (kind, english) = (at.order.kind, Language::english());
        for language in readers.into_iter().chain([&at.settings.mail.language, &english]) {
            let own = templates.state.find(&(kind, language.clone()));
            if let Some((version, template)) = own.and_then(|own| Some((own.version, own.template.clone()?))) {
                return Ok(Chosen { template, language: language.clone(), version: Some(version) });
            }
            if let Some(template) = words::built_in(kind, language) {
                return Ok(Chosen { template, language: language.clone(), version: None });
            }
        }
        let template = words::built_in(kind, &english).expect("we have words for everything in English");
        Ok(Chosen { template, language: english, version: None })
    }

    /// What the words of this kind can refer to.
    pub(super) async fn values(
        &self,
        at: &Attempt<'_>,
        keys: &MerchantKeys,
        first_name: &str,
        unsubscribe_url: &str,
    ) -> Result<Values, MailError> {
        let account = self.accounts.load(Subject::points(at.task.merchant, at.customer)).await?;
        let facts = &at.order.facts;
        let reward = facts.reward.as_ref().filter(|reward| reward.has_code);
        let known = Known {
            account: &account.state,
            first_name,
            unsubscribe_url,
            reward_code: reward.map(|reward| keys.derive_code(reward.redemption.0)),
            referral_url: facts.invitation.as_ref().map(|invitation| self.referral_url(keys, invitation)),
        };
        let value = |variable| at.value(variable, &known);
        Ok(at.order.kind.variables().iter().map(|variable| (variable.as_str(), value(*variable))).collect())
    }

    /// Whether what the mail is about is still so: a reward that was given back, or that an order has used, is not.
    pub(super) async fn is_still_so(&self, at: &Attempt<'_>) -> Result<bool, MailError> {
        let Some(reward) = &at.order.facts.reward else { return Ok(true) };
        let account = self.accounts.load_confirmed(Subject::points(at.task.merchant, at.customer)).await?;
        let known = account.state.redemptions.get(&reward.redemption);
        Ok(known.is_some_and(|it| it.delivery == Delivery::Done && !it.cancelled && it.used_by.is_none()))
    }
}

/// What is in no task: looked up, and made, when a mail is filled in.
struct Known<'a> {
    account: &'a Account,
    first_name: &'a str,
    unsubscribe_url: &'a str,
    reward_code: Option<String>,
    referral_url: Option<String>,
}

impl Attempt<'_> {
    fn value(&self, variable: Variable, known: &Known<'_>) -> String {
        let facts = &self.order.facts;
        match variable {
            Variable::FirstName | Variable::AdvocateName => known.first_name.to_owned(),
            Variable::ShopName => self.settings.mail.shop_name.clone(),
            Variable::Balance => known.account.balance_at(self.task.now).available.to_string(),
            Variable::Points => facts.points.unwrap_or(0).to_string(),
            Variable::ExpiresOn => facts.expires_at.map(|at| self.calendar.day_of(at).to_string()).unwrap_or_default(),
            Variable::TierName => facts.tier_name.clone().unwrap_or_default(),
            Variable::RewardName => facts.reward.as_ref().map(|reward| reward.name.clone()).unwrap_or_default(),
            Variable::RewardCode => known.reward_code.clone().unwrap_or_default(),
            Variable::ReferralUrl => known.referral_url.clone().unwrap_or_default(),
            Variable::UnsubscribeUrl => known.unsubscribe_url.to_owned(),
        }
    }
}
