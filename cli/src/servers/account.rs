//! Under whose account PostgreSQL runs. It refuses to run as root.

use std::fs;
use std::os::unix::fs::lchown;
use std::path::Path;

use nix::unistd::{User, geteuid};
use tokio::process::Command;

use super::ServerError;

/// The kernel's number for "nobody in particular".
const NOBODY: &str = "65534";
/// Tried in this order when root has to hand the files to another user.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// An ordinary user: nothing special.
    Own,
    /// Root, seen from inside as nobody: a user namespace. Files stay root's own, so the data directory may lie below
    /// one that only root can enter.
    Namespace,
    /// Root, where namespaces are forbidden (as in many containers): the files are handed to this user, who must be
    /// able to reach them.
    StandIn { user: u32, group: u32 },
}

impl Account {
    pub(super) async fn choose() -> Result<Account, ServerError> {
        if !geteuid().is_root() {
            return Ok(Account::Own);
        }
        if runs(Account::Namespace.command(Path::new("true"))).await {
            return Ok(Account::Namespace);
        }
        Self::stand_in()
    }

    pub(super) fn stand_in() -> Result<Account, ServerError> {
        STAND_INS
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Account::StandIn { user: user.uid.as_raw(), group: user.gid.as_raw() })
            .ok_or_else(|| ServerError::NoAccount {
                reason: "user namespaces are forbidden and there is neither a user postgres nor nobody".to_owned(),
            })
    }

    /// The program as this account runs it. Both wrappers replace themselves: the process started *is* the program.
    pub(super) fn command(&self, program: &Path) -> Command {
        match self {
            Account::Own => Command::new(program),
            Account::Namespace => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-user", NOBODY, "--map-group", NOBODY, "--"]).arg(program);
                command
            }
            Account::StandIn { user, group } => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .args(["--clear-groups", "--"])
                    .arg(program);
                command
            }
        }
    }

    /// Hands everything below `directory` to the account, and proves that it gets there.
    pub(super) async fn adopt(&self, directory: &Path) -> Result<(), ServerError> {
        let Account::StandIn { user, group } = self else { return Ok(()) };
        hand_over(directory, *user, *group).map_err(ServerError::at(directory))?;
        let mut look = self.command(Path::new("test"));
        look.arg("-w").arg(directory);
        if runs(look).await {
            return Ok(());
        }
        Err(ServerError::NoAccount {
            reason: format!(
                "user namespaces are forbidden and user {user} cannot reach {}; choose a data directory that others may enter, such as one below /var/tmp",
                directory.display()
            ),
        })
    }
}

async fn runs(mut command: Command) -> bool {
    command.output().await.is_ok_and(|output| output.status.success())
}

fn hand_over(path: &Path, user: u32, group: u32) -> std::io::Result<()> {
    // Links are never followed out of the directory.
    lchown(path, Some(user), Some(group))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}
