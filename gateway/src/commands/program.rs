//! Program settings: published in versions, under the version their author has seen.

use aggregates::{
    program::{ProgramCommand, ProgramSettings, ProgramVersion},
    time::Timestamp,
};
use journal::Subject;

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

impl Gateway {
    /// Publishes the next version; gives it with its position.
    pub async fn publish_settings(
        &self,
        request: &Request,
        expected: u32,
        settings: ProgramSettings,
        effective_from: Option<Timestamp>,
    ) -> Result<(ProgramVersion, u64), CommandError> {
        let effective_from = effective_from.unwrap_or(request.now);
        let command = ProgramCommand::Publish { expected, effective_from, settings };
        let subject = Subject::program(request.merchant);
        let done = self.programs.execute(subject, &request.context(), &command).await?;
        self.renew_merchant(request.merchant).await?;
        let published = done.state.state.current().cloned();
        let published = published.ok_or_else(|| CommandError::Internal("published settings are gone".to_owned()))?;
        Ok((published, done.state.position))
    }
}
