//! The mail as it goes over the wire: both parts, headers by which programs unsubscribe, and the same Message-ID at every attempt.

use std::time::{Duration, SystemTime};

use aggregates::{id::TaskId, time::Timestamp};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use super::render::Rendered;

/// A mail, and from whom to whom the server takes it.
pub struct Outgoing {
    pub envelope: Envelope,
    pub bytes: Vec<u8>,
}

/// What a message is made from.
pub struct Letter<'a> {
    pub mail: TaskId,
    pub from: &'a Mailbox,
    /// How the shop calls itself.
    pub shop_name: &'a str,
    pub to: Address,
    pub words: &'a Rendered,
    pub unsubscribe_url: &'a str,
    pub sent_at: Timestamp,
}

impl Letter<'_> {
    /// None if its parts do not make a message.
    pub fn outgoing(&self) -> Option<Outgoing> {
        let from = Mailbox::new(Some(self.shop_name.to_owned()), self.from.email.clone());
        let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let micros = u64::try_from(self.sent_at.0).unwrap_or(0);
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", self.mail.0.simple(), self.from.email.domain())))
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .from(from)
            .to(Mailbox::new(None, self.to.clone()))
            .subject(&self.words.subject)
            .raw_header(header("List-Unsubscribe", format!("<{}>", self.unsubscribe_url)))
            // RFC 8058: a program may end it with one request.
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(self.words.text.clone(), self.words.html.clone()))
            .ok()?;
        Some(Outgoing { envelope: message.envelope().clone(), bytes: message.formatted() })
    }
}
