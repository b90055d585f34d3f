//! Somebody with the run of the log's server, who makes it anew with whatever should be different. The strongest there is:
//! every message, header and position is theirs to choose; what they lack is the signing key.

use async_nats::{
    HeaderMap,
    jetstream::{self, stream::Config},
};
use bytes::Bytes;

use super::scene::Scene;

/// A message as the forger writes it; none leaves a hole.
#[derive(Clone)]
pub struct Message {
    pub subject: String,
    pub headers: HeaderMap,
    pub payload: Bytes,
}

/// Rewrites the log. `forge` is given every message in its place, the first at 0, and may empty places or cut the end.
pub async fn rewrite(scene: &Scene, forge: impl FnOnce(&mut Vec<Option<Message>>)) {
    let client = journal::connect_client(&scene.installation.config.nats_url).await.unwrap();
    let jetstream = jetstream::new(client);
    let stream = jetstream.get_stream(journal::STREAM).await.unwrap();
    let (config, last) = (stream.cached_info().config.clone(), stream.cached_info().state.last_sequence);
    let mut messages = Vec::new();
    for position in 1..=last {
        let message = stream.get_raw_message(position).await.unwrap();
        let (subject, headers, payload) = (message.subject.into_string(), message.headers, message.payload);
        messages.push(Some(Message { subject, headers: unguarded(headers), payload }));
    }
    forge(&mut messages);
    jetstream.delete_stream(journal::STREAM).await.unwrap();
    let stream = jetstream.create_stream(Config { deny_delete: false, ..config }).await.unwrap();
    for (position, message) in (1..).zip(messages) {
        let hole = message.is_none();
        let filler = || Message { subject: "ln.hole".to_owned(), headers: HeaderMap::new(), payload: Bytes::new() };
        let Message { subject, headers, payload } = message.unwrap_or_else(filler);
        let acknowledged = jetstream.publish_with_headers(subject, headers, payload).await.unwrap().await.unwrap();
        assert_eq!(acknowledged.sequence, position);
        if hole {
            stream.delete_message(position).await.unwrap();
        }
    }
}

/// Without what concerned the writing of the original.
fn unguarded(headers: HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, values) in headers.iter() {
        if !name.to_string().starts_with("Nats-") {
            values.iter().for_each(|value| kept.append(name.clone(), value.clone()));
        }
    }
    kept
}

/// The place of a position.
pub fn place(position: u64) -> usize {
    usize::try_from(position).unwrap() - 1
}
