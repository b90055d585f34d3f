//! `loyalnest export …`: everything a merchant has, as files. An export that was interrupted is made again from its beginning:
//! a file is there under its name only when it is complete.

use std::path::Path;

use anyhow::Context;
use gateway::{
    Gateway, Options,
    exports::{Export, Form, Resource},
};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::pace::Pace;
use crate::{
    args::{ExportTablesArgs, Output},
    composition::{self, Config},
    output,
};

pub async fn run(args: ExportTablesArgs, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::assemble(config, Options::default()).await?;
    tokio::fs::create_dir_all(&args.to).await.with_context(|| format!("{} cannot be made", args.to.display()))?;
    let now = gateway.now_of(args.merchant).await?;
    let mut rows = Vec::new();
    for resource in Resource::ALL {
        let export = Export { merchant: args.merchant, resource, now };
        let name = format!("{}.{}", resource.as_str(), args.format.extension());
        let count = write(&gateway, export, args.format, &args.to.join(&name)).await?;
        rows.push(json!({ "file": name, "rows": count }));
    }
    output::list(output, &["file", "rows"], &rows)
}

async fn write(gateway: &Gateway, export: Export, form: Form, path: &Path) -> anyhow::Result<u64> {
    let unfinished = path.with_extension("part");
    let mut file = private_file(&unfinished).await?;
    file.write_all(form.head(export.resource).as_bytes()).await?;
    let (mut count, mut after) = (0, None::<String>);
    let pace = Pace::begin(export.resource.as_str(), None, 0);
    loop {
        let page = gateway.export_page(export, after.as_deref()).await;
        let page =
            page.map_err(|problem| anyhow::anyhow!("{}: {}", export.resource.as_str(), problem.code.as_str()))?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor.clone());
        let text: String = page.iter().map(|row| form.row(export.resource, row)).collect();
        file.write_all(text.as_bytes()).await?;
        count += page.len() as u64;
        pace.show(count, "");
    }
    file.sync_all().await?;
    tokio::fs::rename(&unfinished, path).await?;
    Ok(count)
}

/// For nobody but its owner: it holds people's data in clear.
async fn private_file(path: &Path) -> anyhow::Result<tokio::fs::File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).await.with_context(|| format!("{} cannot be written", path.display()))
}
