//! Talking to the mail server, one connection for each mail. What matters is how far it came: until the server has been given
//! the whole message, nothing was sent; once it has said yes, it was; if it is cut off in between, nobody knows.

use std::time::Duration;

use lettre::{
    Address,
    message::Mailbox,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::timeout;

use super::message::Outgoing;

/// For connecting, and for each answer up to the message. Well below half a task's lease, also all together.
const STEP_MAX: Duration = Duration::from_secs(5);
/// For the server's answer to the message: it may look at it for a while.
const VERDICT_MAX: Duration = Duration::from_secs(10);
/// Steps before the message, at most: connect, TLS, log-in, sender, reader, data.
const DIALOGUE_MAX: Duration = Duration::from_secs(12);

/// Where mails are handed over, and who they are from.
#[derive(Clone)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<(String, String)>,
    pub from: Mailbox,
    /// Vouches for the server beside those that the machine trusts.
    pub authority: Option<Certificate>,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for a server on the same machine.
    Plain,
    /// `STARTTLS`, and nothing without it.
    StartTls,
    /// From the first byte.
    Tls,
}

/// Why the configuration names no mail server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailServerError {
    #[error("is not an address such as smtps://user:password@mail.example:465")]
    NotAnAddress,
    #[error("starts with smtp://, smtps:// or smtp+starttls://")]
    UnknownScheme,
    #[error("a password goes over an encrypted connection only: smtps:// or smtp+starttls://")]
    OpenPassword,
    #[error("is not a certificate in PEM")]
    NotACertificate,
    #[error("is not a sender such as `The Shop <rewards@shop.example>`")]
    NotASender,
}

/// What the server said, or that it did not. Reasons are its code and our words: what it writes may repeat an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// It may take it later.
    Deferred(String),
    /// It will never take it.
    Refused(String),
    /// Cut off after the whole message was given away.
    Unknown(String),
}

impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailServer({}:{}, {:?})", self.host, self.port, self.security)
    }
}

impl MailServer {
    /// From an address such as `smtps://user:password@mail.example:465` and a sender such as `Rewards <rewards@shop.example>`.
    /// Special characters of user and password are written `%40`.
    ///
    /// # Errors
    /// [`MailServerError`]
    pub fn parse(url: &str, from: &str) -> Result<Self, MailServerError> {
        let (scheme, rest) = url.split_once("://").ok_or(MailServerError::NotAnAddress)?;
        let (security, usual_port) = match scheme {
            "smtp" => (Security::Plain, 25),
            "smtp+starttls" => (Security::StartTls, 587),
            "smtps" => (Security::Tls, 465),
            _ => return Err(MailServerError::UnknownScheme),
        };
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(credentials(login).ok_or(MailServerError::NotAnAddress)?), place),
            None => (None, rest),
        };
        if login.is_some() && security == Security::Plain {
            return Err(MailServerError::OpenPassword);
        }
        let place = place.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| MailServerError::NotAnAddress)?),
            None => (place, usual_port),
        };
        if host.is_empty() || host.contains('/') {
            return Err(MailServerError::NotAnAddress);
        }
        let from = from.parse().map_err(|_| MailServerError::NotASender)?;
        Ok(MailServer { host: host.to_owned(), port, security, login, from, authority: None })
    }

    /// The same, also where only the owner of this certificate vouches for the server.
    ///
    /// # Errors
    /// [`MailServerError::NotACertificate`]
    pub fn vouched_for_by(self, pem: &[u8]) -> Result<Self, MailServerError> {
        let authority = Certificate::from_pem(pem).map_err(|_| MailServerError::NotACertificate)?;
        Ok(MailServer { authority: Some(authority), ..self })
    }

    /// As [`MailServer::parse`] reads it.
    pub fn to_url(&self) -> String {
        let scheme = match self.security {
            Security::Plain => "smtp",
            Security::StartTls => "smtp+starttls",
            Security::Tls => "smtps",
        };
        let login = self.login.as_ref().map(|(user, password)| format!("{}:{}@", escaped(user), escaped(password)));
        format!("{scheme}://{}{}:{}", login.unwrap_or_default(), self.host, self.port)
    }

    /// Hands a mail over.
    pub async fn hand_over(&self, mail: &Outgoing) -> Verdict {
        let mut connection = match timeout(DIALOGUE_MAX, self.up_to_message(mail)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(verdict)) => return verdict,
            Err(_) => return Verdict::Deferred("the mail server takes too long".to_owned()),
        };
        let verdict = match timeout(VERDICT_MAX, connection.message(&mail.bytes)).await {
            Ok(Ok(_)) => Verdict::Taken,
            Ok(Err(error)) => match spoken(&error, "the message") {
                Some(verdict) => verdict,
                None => Verdict::Unknown("the mail server was cut off while it had the message".to_owned()),
            },
            Err(_) => Verdict::Unknown("the mail server had the message and did not answer".to_owned()),
        };
        if verdict == Verdict::Taken {
            // It has been taken; how we part does not change that.
            let _ = timeout(STEP_MAX, connection.quit()).await;
        }
        verdict
    }

    /// A connection on which the message is what comes next.
    async fn up_to_message(&self, mail: &Outgoing) -> Result<AsyncSmtpConnection, Verdict> {
        let mut connection = self.connect().await?;
        let parameters = self.parameters(&connection, mail)?;
        let sender = Mail::new(mail.envelope.from().cloned(), parameters);
        connection.command(sender).await.map_err(|error| said(&error, "the sender"))?;
        for reader in mail.envelope.to() {
            let reader = Rcpt::new(reader.clone(), Vec::new());
            connection.command(reader).await.map_err(|error| said(&error, "the reader"))?;
        }
        connection.command(Data).await.map_err(|error| said(&error, "the message"))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Verdict> {
        let unreachable = |error: &lettre::transport::smtp::Error| said(error, "the connection");
        let tls = || self.tls().map_err(|error| unreachable(&error));
        let hello = ClientId::Domain(self.from.email.domain().to_owned());
        let at_once = if self.security == Security::Tls { Some(tls()?) } else { None };
        let place = (self.host.as_str(), self.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(place, Some(STEP_MAX), &hello, at_once, None);
        let mut connection = connecting.await.map_err(|error| unreachable(&error))?;
        if self.security == Security::StartTls {
            connection.starttls(tls()?, &hello).await.map_err(|error| unreachable(&error))?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await.map_err(|error| said(&error, "the log-in"))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, lettre::transport::smtp::Error> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(authority) = &self.authority {
            builder = builder.add_root_certificate(authority.clone());
        }
        builder.build_rustls()
    }

    fn parameters(&self, connection: &AsyncSmtpConnection, mail: &Outgoing) -> Result<Vec<MailParameter>, Verdict> {
        let can = |extension| connection.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        let is_plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !mail.envelope.to().iter().chain(mail.envelope.from()).all(is_plain) {
            if !can(Extension::SmtpUtfEight) {
                return Err(Verdict::Refused("the mail server takes plain letters in addresses only".to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.bytes.is_ascii() && can(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }
}

/// `user:password`, with `%40` for `@` and so on.
fn credentials(login: &str) -> Option<(String, String)> {
    let (user, password) = login.split_once(':')?;
    Some((unescaped(user)?, unescaped(password)?))
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (pair, after) = rest.split_first_chunk::<2>()?;
        bytes.extend(hex::decode(pair).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// What the server's own answer means, if it gave one.
fn spoken(error: &lettre::transport::smtp::Error, about: &str) -> Option<Verdict> {
    let code = error.status()?;
    let reason = format!("the mail server says {code} to {about}");
    Some(if error.is_permanent() { Verdict::Refused(reason) } else { Verdict::Deferred(reason) })
}

/// The same before the message was given away: no answer is no harm.
fn said(error: &lettre::transport::smtp::Error, about: &str) -> Verdict {
    spoken(error, about).unwrap_or_else(|| Verdict::Deferred(format!("the mail server did not answer to {about}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "Rewards <rewards@shop.example>";

    #[test]
    fn an_address_says_where_how_and_as_whom() {
        let server = MailServer::parse("smtps://ada%40shop:p%3Aw@mail.example", FROM).expect("an address");
        assert_eq!((server.host.as_str(), server.port, server.security), ("mail.example", 465, Security::Tls));
        assert_eq!(MailServer::parse(&server.to_url(), FROM).map(|again| again.login), Ok(server.login.clone()));
        assert_eq!(server.login, Some(("ada@shop".to_owned(), "p:w".to_owned())));
        let server = MailServer::parse("smtp://127.0.0.1:2525/", FROM).expect("an address");
        assert_eq!((server.host.as_str(), server.port, server.security), ("127.0.0.1", 2525, Security::Plain));
        let shown = format!("{:?}", MailServer::parse("smtps://ada:secret@mail.example", FROM));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_names_no_server_is_refused() {
        let refused = |url: &str, from: &str| MailServer::parse(url, from).expect_err(url);
        assert_eq!(refused("mail.example", FROM), MailServerError::NotAnAddress);
        assert_eq!(refused("http://mail.example", FROM), MailServerError::UnknownScheme);
        assert_eq!(refused("smtp://ada:secret@mail.example", FROM), MailServerError::OpenPassword);
        assert_eq!(refused("smtps://mail.example:many", FROM), MailServerError::NotAnAddress);
        assert_eq!(refused("smtps://", FROM), MailServerError::NotAnAddress);
        assert_eq!(refused("smtps://mail.example", "the shop"), MailServerError::NotASender);
    }
}
