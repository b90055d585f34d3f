//! What a customer has chosen: mail or none, and to be seen in leaderboards or not.

use aggregates::{
    customer::{ChosenBy, Customer, CustomerCommand, LeaderboardChosen, MailChoice, MailChosen},
    id::CustomerId,
};
use journal::{Executed, Subject};
use projections::leaderboards::Leaderboards;

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

impl Gateway {
    /// The choice counts from now on. Making it again changes nothing.
    pub async fn choose_mail(
        &self,
        request: &Request,
        customer: CustomerId,
        choice: MailChoice,
        by: ChosenBy,
    ) -> Result<Executed<Customer>, CommandError> {
        self.choose(request, customer, &CustomerCommand::ChooseMail(MailChosen { choice, by, at: request.now })).await
    }

    /// The same, and no leaderboard shows them any more when this returns.
    pub async fn choose_leaderboard(
        &self,
        request: &Request,
        customer: CustomerId,
        opt_out: bool,
    ) -> Result<Executed<Customer>, CommandError> {
        let chosen = LeaderboardChosen { opt_out, by: ChosenBy::Merchant, at: request.now };
        let done = self.choose(request, customer, &CustomerCommand::ChooseLeaderboard(chosen)).await?;
        let shown = self.progress.reached(Leaderboards::NAME, done.state.position, self.options.read_patience).await;
        // Whoever asks again finds it recorded, and waits once more.
        shown.then_some(done).ok_or_else(|| CommandError::Unavailable("the read model of leaderboards".to_owned()))
    }

    async fn choose(
        &self,
        request: &Request,
        customer: CustomerId,
        command: &CustomerCommand,
    ) -> Result<Executed<Customer>, CommandError> {
        let survivor = self.survivor(request.merchant, customer).await?;
        let subject = Subject::customer(request.merchant, survivor);
        Ok(self.customers.execute(subject, &request.context(), command).await?)
    }
}
