//! The `loyalnest` program as it was just built, and installations of it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use loyalnest::{
    drill::installation::{Installation, Setting},
    servers::{Binaries, Named},
};

/// The program of this very build. Built by the first test that asks, which takes no time if it is up to date.
pub fn loyalnest() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(build)
}

/// This test's own executable is `TARGET/PROFILE/deps/it-…`, the program is to be `TARGET/PROFILE/loyalnest`.
fn build() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its executable");
    let profile = own.ancestors().nth(2).expect("it lies in a folder of its profile");
    let target = profile.parent().expect("profiles lie in the target folder");
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(name) => name,
        None => panic!("{} names no profile", profile.display()),
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--package", "loyalnest", "--profile", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "loyalnest was not built");
    profile.join("loyalnest")
}

/// A new installation that answers.
pub async fn start(setting: Setting) -> Installation {
    Installation::start(loyalnest(), with_servers(setting).await).await.expect("a new installation starts")
}

/// An installation looks for its servers from where it works, which is far from here.
pub async fn with_servers(mut setting: Setting) -> Setting {
    let binaries = Binaries::find(&Named::default()).await.expect("run `make setup` first");
    setting.arguments.extend(["--nats-server".into(), binaries.nats_server.into_os_string()]);
    setting.arguments.extend(["--postgres-bin".into(), binaries.postgres_bin_dir.into_os_string()]);
    setting
}

/// A variable of the installation's `env` file.
pub fn variable(installation: &Installation, name: &str) -> String {
    let text = std::fs::read_to_string(installation.env_file()).expect("an installation writes its env file");
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let found = lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.unwrap_or_else(|| panic!("{name} is not in the env file"))
}
