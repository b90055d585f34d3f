//! Taking keys along to another installation is a thing to be known of: the merchant's own log says it.

use aggregates::merchant::{KeysExported, MerchantCommand};
use vault::Recipient;

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

impl Gateway {
    /// Puts on record that an operator takes this merchant's keys along, for this recipient. Gives the position.
    ///
    /// # Errors
    /// [`CommandError::UnknownMerchant`] and [`CommandError::MerchantErased`]: there are no keys.
    pub async fn record_key_export(&self, request: &Request, recipient: &Recipient) -> Result<u64, CommandError> {
        let exported = KeysExported { recipient: recipient.fingerprint(), at: request.now };
        self.tell_merchant(request, MerchantCommand::ExportKeys(exported)).await
    }
}
