//! Whoever executes a request is killed: between every two steps, and in the middle of each. The next process goes on, and in
//! the end everything was done, once.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use aggregates::{
    gdpr::{Outcome, Scope, Stage, Step},
    id::GdprRequestId,
};
use policies::{
    ErasureError,
    erasure::{Eraser, Progress},
};
use serde_json::json;
use uuid::Uuid;

use super::kit::{ask_to_forget, customer};
use crate::support::{Installation, Shop, on_shared_runtime};

/// Enough to get through the longest step, with a new process each time.
const ATTEMPTS_MAX: usize = 400;

/// Somebody with a history, and a request about them that nobody executes.
struct Asked {
    installation: Installation,
    shop: Shop,
    customer: String,
    request: GdprRequestId,
}

async fn asked() -> Asked {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(10_000).deliver().await.is_accepted());
    ada.redeem(40).await;
    assert_eq!(ada.adjust(25, "goodwill").await.status, 201);
    let customer = ada.id().await;
    let asked = ask_to_forget(&shop, &customer).await;
    let id = asked.body["id"].as_str().unwrap().strip_prefix("gdr_").unwrap();
    let request = GdprRequestId(Uuid::parse_str(id).unwrap());
    Asked { installation, shop, customer, request }
}

impl Asked {
    /// What a process that has just started would execute with.
    async fn another_process(&self) -> Eraser {
        self.installation.another_process().await.eraser.clone()
    }

    async fn is_done_once(&self) {
        let gateway = self.installation.another_process().await;
        let eraser = gateway.eraser.clone();
        let (merchant, request) = (self.shop.merchant, self.request);
        let state = on_shared_runtime(async move { eraser.load(merchant, request).await.unwrap() }).await;
        assert_eq!(state.state.stage, Stage::Completed(Outcome::Erased));
        let recorded: Vec<Step> = state.state.steps.iter().map(|record| record.evidence.step()).collect();
        assert_eq!(recorded, Scope::Person.steps(), "each once, in their order");
        self.shop.has_seen_everything_of(&self.installation).await;
        assert_eq!(customer(&self.shop, &self.customer).await["state"], "erased");
        let path = format!("/v1/customers/{}/balance", self.customer);
        let balance = self.shop.api.get(&path).query("min_position", self.shop.seen()).document().await;
        assert_eq!(
            (&balance["available"], &balance["lifetime_earned"], &balance["lifetime_forfeited"]),
            (&json!(0), &json!(125), &json!(85))
        );
    }
}

#[tokio::test]
async fn a_process_for_every_step_gets_to_the_end() {
    let asked = asked().await;
    let mut done = Vec::new();
    loop {
        let eraser = asked.another_process().await;
        let (merchant, request) = (asked.shop.merchant, asked.request);
        match on_shared_runtime(async move { eraser.step(merchant, request).await.unwrap() }).await {
            Progress::Done(step) => done.push(step),
            // A lease runs out by time alone.
            Progress::Waits(time) => tokio::time::sleep(time).await,
            Progress::Ended => break,
        }
    }
    assert_eq!(done, Scope::Person.steps());
    asked.is_done_once().await;
}

#[tokio::test]
async fn killed_at_any_moment_it_goes_on_and_does_everything_once() {
    let asked = asked().await;
    for polls in 1..ATTEMPTS_MAX {
        let eraser = asked.another_process().await;
        let (merchant, request) = (asked.shop.merchant, asked.request);
        let attempt = on_shared_runtime(async move {
            abandoned_after(polls, async move { eraser.step(merchant, request).await }).await
        });
        match attempt.await {
            Some(Ok(Progress::Ended)) => return asked.is_done_once().await,
            Some(Ok(Progress::Waits(time))) => tokio::time::sleep(time).await,
            // Something that a process before this one was in the middle of.
            None | Some(Ok(Progress::Done(_)) | Err(ErasureError::StillThere(_))) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
    panic!("{ATTEMPTS_MAX} processes did not get to the end");
}

/// Goes on as long as it is told to, and is then dropped where it stands, as by a kill; `None` if it was.
async fn abandoned_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    let polled = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    });
    tokio::time::timeout(Duration::from_secs(30), polled).await.unwrap()
}
