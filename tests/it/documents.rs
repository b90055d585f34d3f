//! What is written down is held against the code: the API's description, the arrows between rooms, the production shape, the
//! commands that pages tell people to type.

mod api_description;
mod commands;
mod compose_file;
mod grpc_calls;
mod rooms;

use std::path::PathBuf;

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
