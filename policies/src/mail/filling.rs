//! In whose words, and with which values.

use aggregates::{
    mail::{Language, Template, Variable},
    points::Account,
};
use journal::Subject;

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
        first_name: &str,
        unsubscribe_url: &str,
    ) -> Result<Values, MailError> {
        let account = self.accounts.load(Subject::points(at.task.merchant, at.customer)).await?;
        let value = |variable| at.value(variable, &account.state, first_name, unsubscribe_url);
        Ok(at.order.kind.variables().iter().map(|variable| (variable.as_str(), value(*variable))).collect())
    }
}

impl Attempt<'_> {
    fn value(&self, variable: Variable, account: &Account, first_name: &str, unsubscribe_url: &str) -> String {
        let facts = &self.order.facts;
        match variable {
            Variable::FirstName => first_name.to_owned(),
            Variable::ShopName => self.settings.mail.shop_name.clone(),
            Variable::Balance => account.balance_at(self.task.now).available.to_string(),
            Variable::Points => facts.points.unwrap_or(0).to_string(),
            Variable::ExpiresOn => facts.expires_at.map(|at| self.calendar.day_of(at).to_string()).unwrap_or_default(),
            Variable::TierName => facts.tier_name.clone().unwrap_or_default(),
            Variable::RewardName => facts.reward_name.clone().unwrap_or_default(),
            Variable::RewardCode => facts.reward_code.clone().unwrap_or_default(),
            Variable::ReferralUrl => facts.referral_url.clone().unwrap_or_default(),
            Variable::UnsubscribeUrl => unsubscribe_url.to_owned(),
        }
    }
}
