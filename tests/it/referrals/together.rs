//! The referral and both friends' points are one atomic commit, whoever writes it, and wherever a process is killed.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use aggregates::{id::CustomerId, points::PointsEvent, referral::ReferralEvent};
use futures::future::join_all;
use journal::{Positioned, Subject};
use projections::projection::events_of;

use super::kit::*;
use crate::support::{Installation, Shop, Shopper, on_shared_runtime};

/// Enough to get to the end, with a new process each time.
const ATTEMPTS_MAX: usize = 400;

async fn history(installation: &Installation, subject: Subject) -> Vec<Positioned> {
    let journal = installation.gateway.journal.clone();
    on_shared_runtime(async move { journal.read_confirmed(&subject, 0).await }).await.unwrap()
}

/// Commits that complete the referral, and those that grant points of one.
async fn paid(installation: &Installation, shop: &Shop, friend: Shopper<'_>, customer: Shopper<'_>) -> Vec<Positioned> {
    let friend_id: CustomerId = friend.id().await.parse().unwrap();
    let customer: CustomerId = customer.id().await.parse().unwrap();
    let referral = Subject::referral(shop.merchant, aggregates::id::ReferralId(friend_id.0));
    let mut commits = history(installation, referral).await;
    commits.retain(|commit| {
        let completes = |event: &ReferralEvent| matches!(event, ReferralEvent::Completed(_));
        events_of::<ReferralEvent>(commit).unwrap().iter().any(completes)
    });
    let mut granted = history(installation, Subject::points(shop.merchant, customer)).await;
    granted.retain(|commit| {
        let grants = |event: &PointsEvent| matches!(event, PointsEvent::BonusGranted(_));
        events_of::<PointsEvent>(commit).unwrap().iter().any(grants)
    });
    commits.extend(granted);
    commits
}

async fn is_paid_once(installation: &Installation, shop: &Shop, advocate: Shopper<'_>, friend: Shopper<'_>) {
    let with_friend = paid(installation, shop, friend, friend).await;
    let with_advocate = paid(installation, shop, friend, advocate).await;
    assert_eq!((with_friend.len(), with_advocate.len()), (2, 2), "completed once, and granted once each");
    let group = with_friend[0].commit.group.expect("three commits together");
    assert_eq!(group.count, 3);
    for commit in [&with_friend[1], &with_advocate[1]] {
        assert_eq!(commit.commit.group.map(|group| group.id), Some(group.id));
    }
}

#[tokio::test]
async fn the_referral_and_both_accounts_change_in_one_commit() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    is_paid_once(Installation::shared(), &shop, advocate, friend).await;
}

#[tokio::test]
async fn eight_workers_pay_once() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friends: Vec<Shopper<'_>> = (0..5).map(|_| shop.shopper()).collect();
    for friend in &friends {
        assert!(order_through(*friend, &link, 50_00).deliver().await.is_accepted());
    }
    let (merchant, then) = (shop.merchant, shop.now().plus_days(20));
    let gateways = [Installation::shared(), Installation::second_gateway()].map(|one| one.gateway.clone());
    let workers: Vec<_> = gateways.iter().cycle().take(8).map(|gateway| gateway.referrer()).collect();
    let rush = async move { join_all(workers.iter().map(|worker| worker.catch_up(merchant, then))).await };
    for outcome in on_shared_runtime(rush).await {
        outcome.unwrap();
    }
    shop.has_seen_everything_of(Installation::shared()).await;
    assert_eq!(rewarded(advocate).await, 5 * REWARD);
    for friend in friends {
        assert_eq!(rewarded(friend).await, REWARD);
    }
}

#[tokio::test]
async fn killed_at_any_moment_both_are_paid_once_or_not_yet() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    let (merchant, then) = (shop.merchant, shop.now().plus_days(20));
    for polls in (1..ATTEMPTS_MAX).step_by(3) {
        let worker = installation.another_process().await.referrer();
        let attempt = async move { abandoned_after(polls, async move { worker.catch_up(merchant, then).await }).await };
        let outcome = on_shared_runtime(attempt).await;
        shop.has_seen_everything_of(&installation).await;
        let (ours, theirs) = both_rewarded_as_seen(advocate, friend).await;
        assert_eq!(ours, theirs, "both or none");
        match outcome {
            // Nothing is left to do: everything before was done.
            Some(Ok(None)) if theirs > 0 => return is_paid_once(&installation, &shop, advocate, friend).await,
            Some(Err(error)) => panic!("{error}"),
            _ => {}
        }
    }
    panic!("{ATTEMPTS_MAX} polls did not get to the end");
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
