//! The server is brought in line with `streams.toml`, and never loses anything by surprise.

use journal::streams::{Action, Discard, SourceDeclaration, Streams, StreamsError};

use crate::support::nats::Nats;
use crate::support::{account, append, journal_at};

async fn connect(nats: &Nats) -> async_nats::Client {
    async_nats::connect(nats.url()).await.expect("the server takes connections")
}

#[tokio::test]
async fn what_is_declared_is_made_once() {
    let nats = Nats::single().await;
    let client = connect(&nats).await;

    let plan = Streams::declared().plan(&client, None).await.expect("the server answers");
    let made: Vec<_> = plan.changes().iter().map(|change| (change.name.clone(), change.action)).collect();
    assert_eq!(made, ["JOURNAL", "PARKED", "SNAPSHOTS"].map(|name| (name.to_owned(), Action::Create)));
    plan.apply(false).await.expect("nothing is lost by making streams");

    let again = Streams::declared().plan(&client, None).await.expect("the server answers");
    assert!(again.is_empty(), "{:?}", again.changes());
}

#[tokio::test]
async fn on_a_cluster_every_stream_has_three_copies() {
    let nats = Nats::cluster().await;
    let journal = journal_at(nats.url()).await;

    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let stream = jetstream.get_stream("JOURNAL").await.expect("it was made");
    assert_eq!(stream.cached_info().config.num_replicas, 3);
    let fewer = Streams::declared().plan(journal.client(), Some(1)).await.expect("the server answers");
    assert!(fewer.changes().iter().all(|change| change.destructive), "fewer copies are less safe");
}

#[tokio::test]
async fn changes_that_could_lose_data_are_refused_unless_told() {
    let nats = Nats::single().await;
    let client = connect(&nats).await;
    let mut streams = Streams::declared();
    streams.plan(&client, None).await.expect("answers").apply(false).await.expect("nothing is lost");

    let parked = streams.0.get_mut("PARKED").expect("it is declared");
    parked.max_age_days = Some(7);
    parked.description = "shorter".to_owned();
    streams.0.get_mut("SNAPSHOTS").expect("it is declared").enabled = false;
    let plan = streams.plan(&client, None).await.expect("the server answers");
    let Err(StreamsError::Destructive(reasons)) = plan.apply(false).await else { panic!("it was done") };
    assert_eq!(reasons, ["PARKED: max_age", "SNAPSHOTS would be deleted"]);
    let untouched = Streams::declared().plan(&client, None).await.expect("the server answers");
    assert!(untouched.is_empty(), "nothing is done of a plan that is refused: {:?}", untouched.changes());

    let plan = streams.plan(&client, None).await.expect("the server answers");
    plan.apply(true).await.expect("it was asked for");
    assert!(streams.plan(&client, None).await.expect("the server answers").is_empty());
}

#[tokio::test]
async fn harmless_changes_are_just_made() {
    let nats = Nats::single().await;
    let client = connect(&nats).await;
    let mut streams = Streams::declared();
    streams.plan(&client, None).await.expect("answers").apply(false).await.expect("nothing is lost");

    let parked = streams.0.get_mut("PARKED").expect("it is declared");
    parked.max_age_days = Some(60);
    parked.discard = Discard::New;
    let changes = streams.plan(&client, None).await.expect("answers").apply(false).await.expect("nothing is lost");

    let fields: Vec<_> = changes.iter().flat_map(|change| &change.fields).map(|change| change.field).collect();
    assert_eq!(fields, ["discard", "max_age"]);
    assert!(streams.plan(&client, None).await.expect("the server answers").is_empty());
}

#[tokio::test]
async fn a_part_of_the_journal_can_be_switched_on_for_readers_outside() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    journal.append(append(account(1), 0, "for everybody")).await.expect("nobody else writes");

    let mut streams = Streams::declared();
    let points = streams.0.get_mut("POINTS").expect("it is declared");
    assert_eq!(points.source, Some(SourceDeclaration { stream: "JOURNAL".into(), filter: "ln.*.*.points.*".into() }));
    points.enabled = true;
    streams.plan(journal.client(), None).await.expect("answers").apply(false).await.expect("nothing is lost");
    assert!(streams.plan(journal.client(), None).await.expect("the server answers").is_empty());

    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let stream = jetstream.get_stream("POINTS").await.expect("it was made");
    let copied = async {
        while stream.get_info().await.expect("the server answers").state.messages == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), copied).await.expect("the commit is copied");
}

#[test]
fn a_word_nobody_knows_is_an_error() {
    let text =
        "[X]\ndescription = \"\"\nreplicas = 1\ndiscard = \"old\"\nduplicate_window_seconds = 1\nretension = 3\n";
    assert!(matches!(Streams::parse(text), Err(StreamsError::Declaration(_))));
}
