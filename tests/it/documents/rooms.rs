use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// Who may depend on whom, as `docs/ARCHITECTURE.md` draws it.
const ARROWS: [(&str, &[&str]); 9] = [
    ("aggregates", &[]),
    ("vault", &["aggregates"]),
    ("journal", &["aggregates"]),
    ("proofs", &[]),
    ("projections", &["aggregates", "vault", "journal", "proofs"]),
    ("policies", &["aggregates", "vault", "journal", "proofs", "projections"]),
    ("gateway", &["aggregates", "vault", "journal", "proofs", "projections", "policies"]),
    ("loyalnest", &["aggregates", "vault", "journal", "proofs", "projections", "policies", "gateway"]),
    ("tests", &["aggregates", "vault", "journal", "proofs", "projections", "policies", "gateway", "loyalnest"]),
];

fn packages() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(super::repository(""))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let dependencies = |package: &Value| {
        let shipped = |dependency: &&Value| dependency["kind"].is_null() || package["name"] == "tests";
        package["dependencies"].as_array().into_iter().flatten().filter(shipped).map(name).collect()
    };
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|package| (name(package), dependencies(package)))
        .collect()
}

#[test]
fn arrows_between_rooms_point_one_way() {
    let packages = packages();
    let rooms: Vec<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    assert_eq!(packages.keys().map(String::as_str).collect::<Vec<_>>().len(), rooms.len(), "a room is not drawn");
    for (room, allowed) in ARROWS {
        for dependency in &packages[room] {
            let ours = rooms.contains(&dependency.as_str());
            assert!(!ours || allowed.contains(&dependency.as_str()), "{room} must not depend on {dependency}");
        }
    }
}

#[test]
fn decisions_cannot_reach_a_network_a_disk_or_a_clock() {
    let outside = ["tokio", "sqlx", "async-nats", "axum", "reqwest", "tower"];
    for pure in ["aggregates", "proofs"] {
        let decisions = &packages()[pure];
        assert!(decisions.iter().all(|dependency| !outside.contains(&dependency.as_str())), "{decisions:?}");
    }
}
