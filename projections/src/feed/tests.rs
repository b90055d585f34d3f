//! Whatever happens to the window, and however slow a projection is: it is given every commit once, in order.

use std::{cell::RefCell, rc::Rc, sync::Arc, task::Poll};

use aggregates::Context;
use futures::{
    FutureExt,
    stream::{self, LocalBoxStream, StreamExt},
};
use journal::{JournalError, NotASubject, PoisonCause, PoisonCommit, Positioned};
use proptest::prelude::*;
use tokio::sync::watch;

use super::{
    source::{Source, SourceError},
    window::{BYTES_MAX, COMMITS_MAX, Left, NEAR_COMMITS, Window},
};
use crate::{batch::Batch, checkpoint::Checkpoint, sample::commit};

const LOG: &str = "JOURNAL of today";
const FAR: u64 = COMMITS_MAX as u64 + 1;
/// What a projection takes at once.
const MOST: usize = 1_000;

type Reading = LocalBoxStream<'static, Result<Arc<Positioned>, SourceError>>;

/// A log in memory, and the window on its end.
struct Scene {
    log: Rc<RefCell<Vec<Positioned>>>,
    window: watch::Sender<Window>,
}

impl Scene {
    fn with(commits: u64) -> Self {
        let scene = Scene { log: Rc::default(), window: watch::channel(Window::default()).0 };
        scene.log.borrow_mut().extend((1..=commits).map(commit));
        scene.reopen();
        scene
    }

    fn end(&self) -> u64 {
        self.log.borrow().len() as u64
    }

    fn append(&self, count: u64) {
        let chunk: Vec<_> = (self.end() + 1..=self.end() + count).map(commit).collect();
        self.log.borrow_mut().extend(chunk.iter().cloned());
        self.window.send_modify(|window| {
            if window.is_open() {
                window.extend(chunk);
            }
        });
    }

    fn close(&self) {
        self.window.send_modify(Window::close);
    }

    fn reopen(&self) {
        let start = self.end().saturating_sub(NEAR_COMMITS) as usize;
        let newest = self.log.borrow()[start..].to_vec();
        self.window.send_modify(|window| window.open(LOG.to_owned(), newest));
    }

    /// All commits after a position; at the end of the log there is nothing for now.
    fn read_after(&self, position: u64) -> Reading {
        let (log, mut next) = (Rc::clone(&self.log), position as usize);
        let read = stream::poll_fn(move |_| match log.borrow().get(next) {
            Some(commit) => {
                next += 1;
                Poll::Ready(Some(Ok(Arc::new(commit.clone()))))
            }
            None => Poll::Pending,
        });
        read.boxed_local()
    }

    fn source(&self, standing: &Checkpoint) -> Source<Reading> {
        let window = self.window.subscribe();
        Source::shared(&window, standing).unwrap_or_else(|| Source::behind(window, self.read_after(standing.position)))
    }

    fn projection_at(&self, position: u64) -> Reader {
        let standing = standing_at(position);
        Reader { source: self.source(&standing), standing, left: 0 }
    }
}

fn standing_at(position: u64) -> Checkpoint {
    let commit_hash = (position > 0).then(|| commit(position).hash());
    Checkpoint { position, commit_hash, ..Checkpoint::at_the_start("test", LOG) }
}

/// Takes commits in as a runner does.
struct Reader {
    source: Source<Reading>,
    standing: Checkpoint,
    /// How often it had to start over.
    left: usize,
}

impl Reader {
    /// One batch, if there is anything to take.
    fn take(&mut self, scene: &Scene) {
        self.source.join(&self.standing);
        match self.source.after(self.standing.position, MOST).now_or_never() {
            None => {}
            Some(Ok(commits)) => {
                let mut batch = Batch::after(&self.standing, &Context::ALL);
                batch.extend(commits).expect("the very next commits");
                self.standing = batch.end(&self.standing).expect("at least one commit");
            }
            Some(Err(SourceError::Left(_))) => {
                self.left += 1;
                self.source = scene.source(&self.standing);
            }
            Some(Err(SourceError::Journal(error))) => panic!("{error}"),
        }
    }

    fn catch_up(&mut self, scene: &Scene) {
        // Once for every batch, and once more for each time it has to start over.
        for _ in 0..=scene.end() {
            if self.standing.position == scene.end() {
                return;
            }
            self.take(scene);
        }
        panic!("stays at {} of {}", self.standing.position, scene.end());
    }
}

#[test]
fn whoever_keeps_up_takes_everything_from_the_window() {
    let scene = Scene::with(10);
    let mut reader = scene.projection_at(10);
    for _ in 0..20 {
        scene.append(900);
        reader.take(&scene);
        assert!(reader.source.is_shared());
    }
    assert_eq!((reader.standing.position, reader.left), (scene.end(), 0));
}

#[test]
fn whoever_is_too_slow_falls_off_reads_elsewhere_and_joins_again() {
    let scene = Scene::with(10);
    let (mut slow, mut quick) = (scene.projection_at(10), scene.projection_at(10));
    for _ in 0..2 {
        scene.append(FAR / 2 + 1);
        quick.catch_up(&scene);
    }
    slow.take(&scene);
    assert!(!slow.source.is_shared());
    assert_eq!((slow.standing.position, slow.left), (10, 1));

    slow.catch_up(&scene);
    scene.append(1);
    slow.take(&scene);
    assert!(slow.source.is_shared());
    assert_eq!((slow.standing.position, slow.left), (scene.end(), 1));
    assert_eq!(quick.left, 0, "nobody waited for the slow one, and nobody fell off with it");
}

#[test]
fn only_who_is_near_the_end_enters() {
    let scene = Scene::with(FAR);
    scene.append(FAR);
    assert!(scene.projection_at(scene.end()).source.is_shared());
    assert!(scene.projection_at(scene.end() - NEAR_COMMITS).source.is_shared());
    assert!(!scene.projection_at(scene.end() - NEAR_COMMITS - 1).source.is_shared());
    assert!(!scene.projection_at(0).source.is_shared());
}

#[test]
fn nobody_enters_the_window_of_another_log() {
    let scene = Scene::with(10);
    let window = scene.window.subscribe();
    let here = standing_at(10);
    assert!(Source::<Reading>::shared(&window, &here).is_some());
    let replaced = Checkpoint { stream: "JOURNAL of yesterday".to_owned(), ..here.clone() };
    assert!(Source::<Reading>::shared(&window, &replaced).is_none());
    let restored_behind_it = Checkpoint { commit_hash: Some(commit(9).hash()), ..here };
    assert!(Source::<Reading>::shared(&window, &restored_behind_it).is_none());
    assert!(Source::<Reading>::shared(&window, &standing_at(11)).is_none());
}

#[test]
fn a_window_that_closes_is_left_even_if_it_is_opened_again() {
    let scene = Scene::with(10);
    for reopens in [false, true] {
        let mut reader = scene.projection_at(10);
        scene.close();
        if reopens {
            scene.reopen();
        }
        let left = reader.source.after(10, MOST).now_or_never();
        assert!(matches!(left, Some(Err(SourceError::Left(Left::Closed)))), "{reopens}");
        scene.reopen();
    }
}

#[test]
fn a_window_without_a_reading_behind_it_is_left() {
    let scene = Scene::with(10);
    let mut reader = scene.projection_at(10);
    drop(scene.window);
    let left = reader.source.after(10, MOST).now_or_never();
    assert!(matches!(left, Some(Err(SourceError::Left(Left::Closed)))));
}

#[test]
fn large_commits_make_room_before_there_are_many() {
    let mut window = Window::default();
    let large = |position| Positioned { payload: vec![0; BYTES_MAX / 4].into(), ..commit(position) };
    window.open(LOG.to_owned(), (1..=10).map(large).collect());
    let standing = |position| Checkpoint { commit_hash: Some(large(position).hash()), ..standing_at(position) };
    assert!(window.enter(&standing(7)).is_some());
    assert!(window.enter(&standing(6)).is_none());
}

#[test]
fn what_comes_before_a_bad_message_is_given_out_before_it() {
    let scene = Scene::with(3);
    let poison = PoisonCommit {
        position: 4,
        subject: "ln.not.ours".to_owned(),
        raw: Vec::new().into(),
        stored_at: commit(4).stored_at,
        cause: PoisonCause::Subject(NotASubject("ln.not.ours".to_owned())),
    };
    let log = scene.read_after(0).take(3).chain(stream::iter([Err(JournalError::Poison(Box::new(poison)).into())]));
    let mut source = Source::behind(scene.window.subscribe(), log.boxed_local());
    let before = source.after(0, MOST).now_or_never().expect("it is there").expect("sound commits");
    assert_eq!(before.iter().map(|commit| commit.position).collect::<Vec<_>>(), [1, 2, 3]);
    let bad = source.after(3, MOST).now_or_never().expect("it is there");
    assert!(matches!(bad, Err(SourceError::Journal(JournalError::Poison(_)))));
}

#[derive(Debug, Clone)]
enum Happening {
    Appended(u64),
    /// One of the projections takes a batch.
    Takes(usize),
    Closed,
    Reopened,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => (1..3_000_u64).prop_map(Happening::Appended),
        6 => (0..3_usize).prop_map(Happening::Takes),
        1 => Just(Happening::Closed),
        1 => Just(Happening::Reopened),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `Batch` takes nothing but the very next commit: reaching the end means that nothing was missed or repeated.
    #[test]
    fn every_projection_is_given_every_commit_once(
        start in 0..5_000_u64,
        happenings in proptest::collection::vec(happening(), 1..40),
    ) {
        let scene = Scene::with(start);
        let mut readers: Vec<_> = [0, start / 2, start].map(|position| scene.projection_at(position)).into();
        for happening in happenings {
            match happening {
                Happening::Appended(count) => scene.append(count),
                Happening::Takes(who) => readers[who].take(&scene),
                Happening::Closed => scene.close(),
                Happening::Reopened => scene.reopen(),
            }
        }
        for reader in &mut readers {
            reader.catch_up(&scene);
        }
    }
}
