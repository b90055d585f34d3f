//! A customer's birthday: sealed in their events, found by a keyed hash.

use aggregates::{
    customer::{Birthday, CustomerCommand, ToldBirthday},
    id::CustomerId,
};
use journal::Subject;

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What the birthday is bound to.
pub const BIRTHDAY_TAG: &str = "customer.birthday";

impl Gateway {
    /// The birthday is this one from now on, or not known. Saying it again changes nothing, and completes what was cut
    /// short. Gives the position of the last commit that this led to.
    pub async fn tell_birthday(
        &self,
        request: &Request,
        customer: CustomerId,
        birthday: Option<Birthday>,
    ) -> Result<u64, CommandError> {
        let survivor = self.survivor(request.merchant, customer).await?;
        let keys = self.vault.person(request.merchant, survivor).await?;
        let label = birthday.map(Birthday::label);
        let told = birthday.map(|birthday| ToldBirthday {
            birthday: keys.seal(BIRTHDAY_TAG, &birthday),
            fingerprint: keys.fingerprint(birthday.label().as_bytes()),
        });
        let subject = Subject::customer(request.merchant, survivor);
        let command = CustomerCommand::TellBirthday { told, now: request.now };
        let done = self.customers.execute(subject, &request.context(), &command).await?;
        self.vault.index_birthday(request.merchant, survivor, label.as_deref()).await?;
        let mut position = done.state.position;
        if let Some(label) = label {
            let rewarder = self.rewarder();
            let noticed = rewarder.birthday_told(request.merchant, survivor, &label, request.now).await?;
            let granted = match noticed {
                Some(_) => rewarder.grant_pending(request.merchant, Some(survivor), request.now).await?,
                None => None,
            };
            let awarder = self.awarder();
            let told = done.state.position;
            let awarded = awarder.birthday_told(request.merchant, survivor, &label, told, request.now).await?;
            position = [noticed, granted, awarded].into_iter().flatten().fold(position, u64::max);
        }
        Ok(position)
    }
}
