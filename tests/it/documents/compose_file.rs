use std::collections::BTreeMap;

use clap::CommandFactory;
use loyalnest::args::Args;
use serde_json::Value;

fn compose() -> Value {
    serde_saphyr::from_str(&super::read("compose.yaml")).expect("compose.yaml is YAML")
}

/// A service with what it takes over from its anchor.
fn service(compose: &Value, name: &str) -> BTreeMap<String, Value> {
    let mut merged = BTreeMap::new();
    let own = compose["services"][name].as_object().unwrap_or_else(|| panic!("there is no service {name}"));
    for (key, value) in own.get("<<").and_then(Value::as_object).into_iter().flatten().chain(own) {
        merged.insert(key.clone(), value.clone());
    }
    merged
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

#[test]
fn services_run_commands_that_exist() {
    let compose = compose();
    for (name, command) in [("gateway", "serve"), ("worker", "work")] {
        assert_eq!(words(&service(&compose, name)["command"]), ["loyalnest", command]);
        assert!(Args::command().find_subcommand(command).is_some(), "loyalnest {command}");
    }
    let prepare = words(&service(&compose, "prepare")["command"]).pop().expect("a script");
    for line in prepare.split(" && ") {
        let line: Vec<&str> = line.split(' ').collect();
        Args::command().try_get_matches_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    }
}

#[test]
fn variables_are_those_the_program_reads() {
    let compose = compose();
    let environment = service(&compose, "gateway")["environment"].clone();
    let set: Vec<&String> = environment.as_object().expect("an environment").keys().collect();
    let read = ["cli/src/composition/config.rs", "cli/src/args.rs", "cli/src/telemetry.rs"].map(super::read).concat();
    for name in set {
        assert!(read.contains(&format!("\"{name}\"")), "{name} is set and nobody reads it");
    }
    let ours = [
        "LOYALNEST_NATS_URL",
        "LOYALNEST_DATABASE_URL",
        "LOYALNEST_ROOT_KEYS",
        "LOYALNEST_DELETION_JOURNAL",
        "LOYALNEST_LISTEN",
    ];
    for needed in ours {
        assert!(environment.get(needed).is_some(), "{needed} is read and not set");
    }
    let port = environment["LOYALNEST_LISTEN"].as_str().and_then(|listen| listen.rsplit(':').next()).expect("a port");
    assert!(words(&service(&compose, "gateway")["ports"]).contains(&format!("{port}:{port}")));
    let scraped = super::read("ops/prometheus/prometheus.yml");
    assert!(scraped.contains(&format!("gateway:{port}")) && scraped.contains(&format!("worker:{port}")));
}

/// A copy of the keys in the database's volume would bring back whom they were destroyed for; one fault must not take both
/// places of the deletion journal; and the image makes the folders that the volumes are put on, for their account.
#[test]
fn keys_and_both_places_of_the_deletion_journal_lie_on_volumes_of_their_own() {
    let compose = compose();
    let gateway = service(&compose, "gateway");
    let said = |name: &str| gateway["environment"][name].as_str().expect("a path").to_owned();
    let journal = said("LOYALNEST_DELETION_JOURNAL");
    let (first, second) = journal.split_once(':').expect("two places");
    let folder = |path: &str| path.rsplit_once('/').expect("a file in a folder").0.to_owned();
    let folders = [folder(&said("LOYALNEST_ROOT_KEYS")), folder(first), folder(second)];
    let mounted = words(&gateway["volumes"]);
    let volume = |folder: &String| {
        let mount = mounted.iter().find_map(|mount| mount.strip_suffix(&format!(":{folder}")));
        mount.unwrap_or_else(|| panic!("nothing is mounted at {folder}")).to_owned()
    };
    let volumes: std::collections::BTreeSet<String> = folders.iter().map(volume).collect();
    assert_eq!(volumes.len(), 3, "{volumes:?}");
    for name in volumes {
        assert!(compose["volumes"].get(&name).is_some(), "{name} is not declared");
    }
    for folder in folders {
        assert!(super::read("Dockerfile").contains(&folder), "the image does not make {folder}");
    }
}

#[test]
fn three_members_of_the_log_are_named_everywhere_alike() {
    let compose = compose();
    let environment = service(&compose, "worker")["environment"].clone();
    let url = environment["LOYALNEST_NATS_URL"].as_str().expect("a URL");
    for member in ["nats-1", "nats-2", "nats-3"] {
        let service = service(&compose, member);
        assert_eq!(service["environment"]["NATS_NAME"], member);
        assert!(url.contains(&format!("@{member}:4222")), "{member} is not in LOYALNEST_NATS_URL");
        assert!(super::read("ops/nats/nats.conf").contains(&format!("{member}:")), "{member} has no route");
    }
    let config = super::read("ops/nats/nats.conf");
    assert!(config.contains("sync_interval: always"), "acknowledged means fsynced, also in production");
}

#[test]
fn the_image_of_the_log_is_new_enough_and_images_are_pinned() {
    let compose = compose();
    let services = compose["services"].as_object().expect("services");
    for name in services.keys() {
        let image = service(&compose, name)["image"].as_str().expect("an image").to_owned();
        let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{name}: {image} has no tag"));
        assert_ne!(tag, "latest", "{name}");
    }
    assert_eq!(service(&compose, "nats-1")["image"], "nats:2.15.1-alpine");
    let version = format!("loyalnest:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(service(&compose, "gateway")["image"], version.as_str());
}
