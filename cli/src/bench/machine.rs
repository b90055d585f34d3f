//! The machine that the figures are of.

use std::fs;

use tokio::process::Command;

use crate::servers::{Binaries, Named};

/// One line: processor, memory, system, servers.
pub async fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let servers = match Binaries::find(&Named::default()).await {
        Ok(found) => {
            format!(
                "{}, {}",
                version(&found.nats_server).await,
                version(&found.postgres_bin_dir.join("postgres")).await
            )
        }
        Err(error) => error.to_string(),
    };
    format!("{cores} × {processor}, memory {memory}, Linux {}, {servers}", kernel.trim())
}

/// The first line `name : value` of a file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

async fn version(program: &std::path::Path) -> String {
    let output = Command::new(program).arg("--version").output().await;
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
