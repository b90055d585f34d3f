//! However many lanes there are, each commit is folded once, in the order of its aggregate.

use std::{collections::BTreeMap, sync::Mutex};

use aggregates::Context;
use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use super::*;
use crate::sample;

type Told = Arc<Mutex<Vec<(Uuid, u64)>>>;

/// Remembers what it was shown; what everybody is shown, without an aggregate.
struct Witness(Told);

impl Bulk for Witness {
    fn resume<'a>(&'a mut self, _: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError> {
        let aggregate = match commit.subject.id {
            SubjectId::Uuid(aggregate) => aggregate,
            _ => Uuid::nil(),
        };
        self.0.lock().unwrap().push((aggregate, commit.position));
        Ok(())
    }

    fn is_full(&self) -> bool {
        false
    }

    fn has_outgrown(&self) -> bool {
        false
    }

    fn write<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        self.resume(db)
    }

    fn finish<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        self.resume(db)
    }
}

fn commit_of(aggregate: u128, position: u64) -> Arc<Positioned> {
    let mut commit = sample::commit(position);
    commit.subject.id = SubjectId::Uuid(Uuid::from_u128(aggregate));
    Arc::new(commit)
}

fn of_the_merchant(position: u64) -> Arc<Positioned> {
    let mut commit = sample::commit_of(Context::Merchant, position);
    commit.subject.id = SubjectId::Main;
    Arc::new(commit)
}

#[tokio::test]
async fn every_commit_is_folded_by_the_lane_of_its_aggregate_in_order_and_the_merchants_by_all() {
    for count in [1, 2, 3, 8] {
        let told: Vec<Told> = (0..count).map(|_| Told::default()).collect();
        let witnesses = told.iter().map(|told| Box::new(Witness(Arc::clone(told))) as Box<dyn Bulk>);
        let mut lanes = Lanes(Lane::several(count).zip(witnesses).collect());
        let log: Vec<_> = (1..=1_000)
            .map(|position| {
                if position % 100 == 0 {
                    of_the_merchant(position)
                } else {
                    commit_of(u128::from(position % 13), position)
                }
            })
            .collect();
        for commits in log.chunks(300) {
            lanes.take_in(commits).await.unwrap();
        }
        let mut seen: BTreeMap<Uuid, Vec<u64>> = BTreeMap::new();
        for told in &told {
            let told = told.lock().unwrap();
            assert!(told.is_sorted_by_key(|(_, position)| *position), "{count}");
            let merchants = told.iter().filter(|(aggregate, position)| aggregate.is_nil() && position % 100 == 0);
            assert_eq!(merchants.count(), 10, "{count}: every lane is told of the merchant");
            for (aggregate, position) in told.iter().filter(|(_, position)| position % 100 != 0) {
                seen.entry(*aggregate).or_default().push(*position);
            }
        }
        let all: usize = seen.values().map(Vec::len).sum();
        assert_eq!((all, seen.len()), (990, 13), "{count}");
        assert!(seen.values().all(|positions| positions.is_sorted()), "{count}");
    }
}

#[test]
fn lanes_share_what_one_may_take_and_nobody_is_in_two() {
    let lanes: Vec<Lane> = Lane::several(4).collect();
    for aggregate in 0..100_u128 {
        assert_eq!(lanes.iter().filter(|lane| lane.has(Uuid::from_u128(aggregate))).count(), 1);
    }
    assert_eq!((lanes[0].part_of(1_000), Lane::ONLY.part_of(1_000)), (250, 1_000));
    assert_eq!((lanes[0].is_first(), lanes[1].is_first()), (true, false));
}
