//! `loyalnest streams backup|restore`: streams as files. A folder of its own for each, with the server's archive and, written
//! last, what it is an archive of. The server's own tools read and write the same two files.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use async_nats::{Client, jetstream};
use futures::TryStreamExt;
use journal::{
    STREAM,
    streams::{
        Streams,
        copy::{Manifest, copy_out, put_back},
    },
};
use serde_json::{Value, json};
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncWriteExt, BufReader, BufWriter},
};

const ARCHIVE: &str = "stream.tar.s2";
const MANIFEST: &str = "backup.json";
/// Everything in a copy is sealed; who bought when is not.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Copies whatever is declared and there. Gives a row for each.
pub(super) async fn back_up(client: &Client, declared: &Streams, to: &Path) -> anyhow::Result<Vec<Value>> {
    make_folder(to)?;
    let there: Vec<String> =
        jetstream::new(client.clone()).stream_names().try_collect().await.context("the streams")?;
    ensure!(there.iter().any(|name| name == STREAM), "the server has no stream {STREAM}");
    let mut rows = Vec::new();
    for name in declared.0.keys().filter(|name| there.contains(*name)) {
        eprintln!("{name}: every message is held against its checksum, then copied");
        let folder = to.join(name);
        make_folder(&folder)?;
        let mut archive = BufWriter::new(new_file(&folder.join(ARCHIVE)).await?);
        let manifest = copy_out(client, name, &mut archive).await?;
        archive.into_inner().sync_all().await?;
        let mut file = new_file(&folder.join(MANIFEST)).await?;
        file.write_all(&serde_json::to_vec_pretty(&manifest)?).await?;
        file.sync_all().await?;
        File::open(&folder).await?.sync_all().await?;
        rows.push(row(&manifest, "copied"));
    }
    File::open(to).await?.sync_all().await?;
    Ok(rows)
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(path).with_context(|| format!("cannot make {}", path.display()))
}

async fn new_file(path: &Path) -> anyhow::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(FILE_MODE);
    OpenOptions::from(options).open(path).await.with_context(|| format!("cannot write {}", path.display()))
}

/// Makes the streams of a copy, the log first: others may be parts of it. Nothing is begun if the server has one of them that
/// ends elsewhere.
pub(super) async fn restore(client: &Client, from: &Path) -> anyhow::Result<Vec<Value>> {
    let mut copies = copies_in(from)?;
    ensure!(copies.iter().any(|(_, manifest)| manifest.stream() == STREAM), "{} has no {STREAM}", from.display());
    copies.sort_by_key(|(_, manifest)| (manifest.stream() != STREAM, manifest.stream().to_owned()));
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for (archive, manifest) in copies {
        if is_there(client, &manifest).await? {
            rows.push(row(&manifest, "was there"));
        } else {
            missing.push((archive, manifest));
        }
    }
    for (archive, manifest) in missing {
        eprintln!("{}: {} messages", manifest.stream(), manifest.messages());
        let file = File::open(&archive).await.with_context(|| format!("cannot read {}", archive.display()))?;
        put_back(client, &manifest, &mut BufReader::new(file)).await?;
        rows.push(row(&manifest, "made"));
    }
    Ok(rows)
}

/// Archives with what they are archives of. One without is not complete.
fn copies_in(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Manifest)>> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let folder = entry?.path();
        let said = folder.join(MANIFEST);
        let text = fs::read(&said).with_context(|| format!("{} is no complete copy of a stream", folder.display()))?;
        let manifest: Manifest = serde_json::from_slice(&text).with_context(|| said.display().to_string())?;
        ensure!(!manifest.stream().is_empty(), "{} names no stream", said.display());
        copies.push((folder.join(ARCHIVE), manifest));
    }
    Ok(copies)
}

/// Whether the server has a stream of this name that ends where the copy does. One that ends elsewhere is an error.
async fn is_there(client: &Client, copy: &Manifest) -> anyhow::Result<bool> {
    let jetstream = jetstream::new(client.clone());
    let names: Vec<String> = jetstream.stream_names().try_collect().await.context("the streams")?;
    if !names.iter().any(|name| name == copy.stream()) {
        return Ok(false);
    }
    let last = jetstream.get_stream(copy.stream()).await?.cached_info().state.last_sequence;
    ensure!(
        last == copy.last_position(),
        "the server has a stream {} that ends at position {last}, and the copy ends at {}",
        copy.stream(),
        copy.last_position(),
    );
    Ok(true)
}

fn row(manifest: &Manifest, what: &str) -> Value {
    json!({
        "name": manifest.stream(),
        "action": what,
        "messages": manifest.messages(),
        "last_position": manifest.last_position(),
    })
}
