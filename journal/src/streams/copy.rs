//! A stream copied out of its server as it lies there, and put back into another: every message with its position and its
//! time. This is how a log moves to a cluster, and how it is kept a copy of.
//!
//! The bytes are the server's own form, and those of its other tools: a compressed archive, of which nothing here is read.

use std::time::Duration;

use async_nats::{Client, Message, client::Request};
use bytes::Bytes;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

const SNAPSHOT: &str = "$JS.API.STREAM.SNAPSHOT";
const RESTORE: &str = "$JS.API.STREAM.RESTORE";
/// The server holds every message against its checksum before it answers, and opens what it was given before it says that it
/// has it: both take as long as reading the stream from disk.
const WHOLE_STREAM_WITHIN: Duration = Duration::from_secs(3_600);
/// Between two pieces of a copy; the server itself gives up after five seconds.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
/// What travels at once, in bytes.
const PIECE_BYTES: usize = 128 * 1024;
/// How the server ends a copy that is complete.
const COMPLETE: u16 = 204;

/// Why a stream could not be copied or put back.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the server does not answer: {0}")]
    Unavailable(String),
    /// Also for a message that does not fit its checksum, and for a stream that is there already.
    #[error("stream {stream}: {reason}")]
    Refused { stream: String, reason: String },
    #[error("the copy cannot be written or read: {0}")]
    Io(#[from] std::io::Error),
    /// The stream that was made ends elsewhere than the one that was copied.
    #[error("stream {stream} ends at position {found}, and the copy at {copied}")]
    Incomplete { stream: String, copied: u64, found: u64 },
}

/// What was copied, beside its bytes: the stream's configuration and state, as the server has said them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub config: Value,
    pub state: Value,
}

impl Manifest {
    /// The stream's name; empty in what is no manifest.
    pub fn stream(&self) -> &str {
        self.config["name"].as_str().unwrap_or_default()
    }

    pub fn messages(&self) -> u64 {
        self.state["messages"].as_u64().unwrap_or_default()
    }

    /// Position of the newest message; 0 if there never was one.
    pub fn last_position(&self) -> u64 {
        self.state["last_seq"].as_u64().unwrap_or_default()
    }
}

/// Writes a stream to `to` as it is at this moment; it may be written to meanwhile, and what comes later is not in the copy.
///
/// # Errors
/// [`CopyError::Refused`] if there is no such stream, or a message of it does not fit its checksum; what was written so far is
/// then worth nothing.
pub async fn copy_out(
    client: &Client,
    stream: &str,
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<Manifest, CopyError> {
    let inbox = client.new_inbox();
    // Before it is asked for: the first piece may be here as soon as the answer.
    let mut pieces = client.subscribe(inbox.clone()).await.map_err(|error| unavailable(&error))?;
    let question = json!({
        "deliver_subject": inbox, "no_consumers": true, "jsck": true, "chunk_size": PIECE_BYTES,
    });
    let told = ask(client, &format!("{SNAPSHOT}.{stream}"), &question, stream, WHOLE_STREAM_WITHIN).await?;
    let manifest = Manifest { config: told["config"].clone(), state: told["state"].clone() };
    loop {
        let piece = timeout(PIECE_WITHIN, pieces.next()).await.map_err(|error| unavailable(&error))?;
        let piece = piece.ok_or_else(|| unavailable(&"the connection was closed"))?;
        if piece.payload.is_empty() {
            is_complete(&piece, stream)?;
            to.flush().await?;
            return Ok(manifest);
        }
        to.write_all(&piece.payload).await?;
        // The server sends so many ahead of what is acknowledged.
        if let Some(acknowledge) = piece.reply {
            client.publish(acknowledge, Bytes::new()).await.map_err(|error| unavailable(&error))?;
        }
    }
}

fn is_complete(end: &Message, stream: &str) -> Result<(), CopyError> {
    match end.status.map(|status| status.as_u16()) {
        None | Some(COMPLETE) => Ok(()),
        Some(status) => {
            let reason = end.description.clone().unwrap_or_default();
            Err(CopyError::Refused { stream: stream.to_owned(), reason: format!("{status} {reason}") })
        }
    }
}

/// Makes a stream of what [`copy_out`] has written. It has the positions, times and messages of the one that was copied, and
/// as many replicas as that had; only its birthday is another.
///
/// # Errors
/// [`CopyError::Refused`] if the server has a stream of this name; [`CopyError::Incomplete`].
pub async fn put_back(
    client: &Client,
    manifest: &Manifest,
    from: &mut (impl AsyncRead + Unpin),
) -> Result<(), CopyError> {
    let stream = manifest.stream();
    let question = json!({ "config": manifest.config, "state": manifest.state });
    let told = ask(client, &format!("{RESTORE}.{stream}"), &question, stream, PIECE_WITHIN).await?;
    let Some(address) = told["deliver_subject"].as_str() else {
        return Err(unavailable(&"an answer without an address"));
    };
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    while (&mut *from).take(PIECE_BYTES as u64).read_to_end(&mut piece).await? > 0 {
        let taken = send(client, address, Bytes::from(std::mem::take(&mut piece)), PIECE_WITHIN).await?;
        // Nothing is said about a piece that was taken.
        if !taken.is_empty() {
            answer(&taken, stream)?;
        }
    }
    let made = answer(&send(client, address, Bytes::new(), WHOLE_STREAM_WITHIN).await?, stream)?;
    // Not how many there are: those that were too old for the stream are gone by now.
    let found = made["state"]["last_seq"].as_u64().unwrap_or_default();
    if found != manifest.last_position() {
        return Err(CopyError::Incomplete { stream: stream.to_owned(), copied: manifest.last_position(), found });
    }
    Ok(())
}

async fn ask(
    client: &Client,
    address: &str,
    question: &Value,
    stream: &str,
    within: Duration,
) -> Result<Value, CopyError> {
    answer(&send(client, address, question.to_string().into(), within).await?, stream)
}

async fn send(client: &Client, address: &str, payload: Bytes, within: Duration) -> Result<Bytes, CopyError> {
    let request = Request::new().payload(payload).timeout(Some(within));
    let reply = client.send_request(address.to_owned(), request).await;
    reply.map(|reply| reply.payload).map_err(|error| unavailable(&error))
}

/// What the server has told, unless it has told that it will not.
fn answer(told: &[u8], stream: &str) -> Result<Value, CopyError> {
    let told: Value = serde_json::from_slice(told).map_err(|error| unavailable(&error))?;
    match told["error"]["description"].as_str() {
        Some(reason) => Err(CopyError::Refused { stream: stream.to_owned(), reason: reason.to_owned() }),
        None => Ok(told),
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> CopyError {
    CopyError::Unavailable(error.to_string())
}
