//! A key service that speaks the transit protocol of Vault and OpenBao, over HTTP to an agent on this machine: the agent
//! speaks TLS to the service, and keeps the token fresh.

use std::{fs, net::IpAddr, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::{
    StatusCode, Url,
    blocking::{Client, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use zeroize::{Zeroize, Zeroizing};

use super::{GuardError, RootGuard};

/// Longest wait for an answer. Nothing is asked for a request of a shop: only at the start, and when the file was replaced.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Where the engine is mounted.
const MOUNT: &str = "transit";
const TOKEN_HEADER: &str = "X-Vault-Token";
/// The one thing that may fail because of what it is given.
const DECRYPT: &str = "decrypt";
/// Versions are counted from here; before it there is nothing to forget.
const FIRST_VERSION: u64 = 1;

/// Where the key service is, and what key of it to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyService {
    /// `http://127.0.0.1:8200`, say: an address of this machine.
    pub url: String,
    /// Holds the token, and nothing else; read for each question, because agents renew it.
    pub token_file: PathBuf,
    /// The name of a key that exists, and that this token may use, rotate, configure and trim.
    pub key: String,
}

/// The client of a key service.
#[derive(Debug)]
pub struct Transit {
    client: Client,
    url: Url,
    service: KeyService,
}

/// What we read of a key.
#[derive(Deserialize)]
struct KeyInfo {
    min_decryption_version: u64,
    min_available_version: u64,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Ciphertext {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Plaintext {
    plaintext: String,
}

impl Transit {
    /// Finds the service's key.
    ///
    /// # Errors
    /// [`GuardError::Misconfigured`] for an address of another machine, and whatever the service says.
    pub fn connect(service: KeyService) -> Result<Self, GuardError> {
        let url = address(&service)?;
        let client = apart(|| Client::builder().timeout(ANSWER_WITHIN).no_proxy().build());
        let client = client.map_err(|error| GuardError::Misconfigured(error.to_string()))?;
        let transit = Transit { client, url, service };
        // Asked for at once: closing under a key that is not there would make one, of which nobody knows.
        transit.info()?;
        Ok(transit)
    }

    fn info(&self) -> Result<KeyInfo, GuardError> {
        self.ask("read the key", "keys", "", None)
    }

    /// One question about the key, on a thread of its own: the client blocks, and whoever asks may be on a thread that must
    /// not be blocked from within.
    fn ask<T: DeserializeOwned + Send>(
        &self,
        action: &'static str,
        engine_path: &str,
        after: &str,
        body: Option<Value>,
    ) -> Result<T, GuardError> {
        let token = self.token()?;
        let mut url = self.url.clone();
        url.set_path(&format!("v1/{MOUNT}/{engine_path}/{}{after}", self.service.key));
        let request = match body {
            Some(body) => self.client.post(url).json(&body),
            None => self.client.get(url),
        };
        let request = request.header(TOKEN_HEADER, token.as_str());
        apart(|| {
            let answer = request.send().map_err(|error| GuardError::Unavailable(reason(&error)))?;
            self.understand(action, answer)
        })
    }

    fn understand<T: DeserializeOwned>(&self, action: &'static str, answer: Response) -> Result<T, GuardError> {
        match answer.status() {
            status if status.is_success() => {
                answer.json::<Answer<T>>().map(|answer| answer.data).map_err(|_| GuardError::NotUnderstood)
            }
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Err(GuardError::NotAllowed { action }),
            StatusCode::NOT_FOUND => Err(GuardError::NoSuchKey { name: self.service.key.clone() }),
            StatusCode::BAD_REQUEST if action == DECRYPT => Err(GuardError::Closed),
            StatusCode::BAD_REQUEST => Err(GuardError::NotAllowed { action }),
            status => Err(GuardError::Unavailable(status.to_string())),
        }
    }

    fn token(&self) -> Result<Zeroizing<String>, GuardError> {
        let read = fs::read_to_string(&self.service.token_file).map(Zeroizing::new);
        let token = read.map_err(|error| {
            GuardError::Misconfigured(format!("the token file {}: {error}", self.service.token_file.display()))
        })?;
        Ok(Zeroizing::new(token.trim().to_owned()))
    }
}

impl RootGuard for Transit {
    fn name(&self) -> &'static str {
        "key service"
    }

    fn close(&self, file_key: &[u8]) -> Result<String, GuardError> {
        let plaintext = Zeroizing::new(BASE64.encode(file_key));
        let body = json!({ "plaintext": *plaintext });
        self.ask("encrypt", "encrypt", "", Some(body)).map(|closed: Ciphertext| closed.ciphertext)
    }

    fn open(&self, closed: &str) -> Result<Zeroizing<Vec<u8>>, GuardError> {
        let opened: Result<Plaintext, _> = self.ask(DECRYPT, "decrypt", "", Some(json!({ "ciphertext": closed })));
        match opened {
            Ok(mut opened) => {
                let plain = BASE64.decode(&opened.plaintext).map(Zeroizing::new);
                opened.plaintext.zeroize();
                plain.map_err(|_| GuardError::NotUnderstood)
            }
            // The service says no more than that it is a bad request; which version it has, it does say.
            Err(GuardError::Closed) => {
                let version = version(closed).ok_or(GuardError::Closed)?;
                let forgotten = self.info()?.min_decryption_version > version;
                Err(if forgotten { GuardError::Forgotten { version } } else { GuardError::Closed })
            }
            Err(error) => Err(error),
        }
    }

    fn turn(&self) -> Result<(), GuardError> {
        self.ask("rotate the key", "keys", "/rotate", Some(json!({}))).map(|_: Value| ())
    }

    /// Old versions are first not used any more, and then deleted: the service cannot bring them back.
    fn forget_before(&self, closed: &str) -> Result<(), GuardError> {
        let version = version(closed).ok_or(GuardError::NotUnderstood)?;
        let info = self.info()?;
        if info.min_decryption_version < version {
            let least = json!({ "min_decryption_version": version, "min_encryption_version": version });
            let _: Value = self.ask("configure the key", "keys", "/config", Some(least))?;
        }
        if info.min_available_version.max(FIRST_VERSION) < version {
            let least = json!({ "min_available_version": version });
            let _: Value = self.ask("trim the key", "keys", "/trim", Some(least))?;
        }
        Ok(())
    }
}

/// Keys cross this connection in the clear, so it must not leave the machine.
fn address(service: &KeyService) -> Result<Url, GuardError> {
    let url = Url::parse(&service.url)
        .map_err(|error| GuardError::Misconfigured(format!("the address of the key service: {error}")))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if url.scheme() == "http" && here {
        return Ok(url);
    }
    Err(GuardError::Misconfigured(
        "the key service is spoken to in the clear, so only at an http address of this machine: run its agent here, which \
         speaks TLS to it"
            .to_owned(),
    ))
}

/// `vault:v3:…` is of version 3.
fn version(closed: &str) -> Option<u64> {
    closed.strip_prefix("vault:v")?.split_once(':')?.0.parse().ok()
}

/// Without the address, which says nothing new, and never with what was sent.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() { "it takes too long".to_owned() } else { "it cannot be reached".to_owned() }
}

fn apart<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(url: &str) -> KeyService {
        KeyService { url: url.to_owned(), token_file: "token".into(), key: "loyalnest".to_owned() }
    }

    #[test]
    fn only_an_address_of_this_machine_is_spoken_to() {
        for here in ["http://127.0.0.1:8200", "http://localhost:8200/", "http://[::1]:8200"] {
            address(&service(here)).expect(here);
        }
        for elsewhere in ["http://10.0.0.7:8200", "https://kms.example.com", "http://kms.example.com", "nonsense"] {
            assert!(matches!(address(&service(elsewhere)), Err(GuardError::Misconfigured(_))), "{elsewhere}");
        }
    }

    #[test]
    fn a_closed_key_says_its_version() {
        assert_eq!(version("vault:v3:MMOc"), Some(3));
        assert_eq!(version("vault:v:MMOc"), None);
        assert_eq!(version("MMOc"), None);
    }
}
