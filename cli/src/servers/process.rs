//! A running server process: waiting for its end, and ending it.

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time;

use super::resident::Resident;

/// How often a process that is not our child is looked at: the system tells only parents about an end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What becomes of a server whose starter was killed before it could stop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Abandoned {
    /// It keeps running; the next start in the same directory takes it over.
    #[default]
    KeepsRunning,
    /// It is killed at once: for tests, which leave nothing behind.
    IsKilled,
}

pub(super) struct Process {
    // Dropped first: the watchdog must be gone before the process it watches.
    _watchdog: Option<Child>,
    handle: Handle,
}

enum Handle {
    Child(Box<Child>),
    /// Started by an earlier run, whose end the system does not report to us.
    TakenOver(Resident),
}

impl Process {
    /// Starts `command` in a process group of its own, so that Ctrl-C in a terminal reaches only the supervisor, which
    /// then stops its servers in order. Dropping the value kills the process.
    pub(super) fn spawn(mut command: Command, abandoned: Abandoned) -> std::io::Result<Process> {
        let child = command.stdin(Stdio::null()).process_group(0).kill_on_drop(true).spawn()?;
        let watchdog = match (abandoned, child.id()) {
            (Abandoned::IsKilled, Some(pid)) => Some(spawn_watchdog(pid)?),
            _ => None,
        };
        Ok(Process { _watchdog: watchdog, handle: Handle::Child(Box::new(child)) })
    }

    pub(super) fn take_over(resident: Resident) -> Process {
        Process { _watchdog: None, handle: Handle::TakenOver(resident) }
    }

    /// `None` once it has ended.
    pub(super) fn pid(&self) -> Option<Pid> {
        match &self.handle {
            Handle::Child(child) => child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw),
            Handle::TakenOver(resident) => resident.is_alive().then_some(resident.pid),
        }
    }

    /// Resolves when the process has ended; at once when it already had. May be dropped and called again.
    pub(super) async fn exited(&mut self) {
        match &mut self.handle {
            Handle::Child(child) => {
                // The only error is "no such child", which is the answer, too.
                let _ = child.wait().await;
            }
            Handle::TakenOver(resident) => {
                let mut look = time::interval(LOOK_EVERY);
                while resident.is_alive() {
                    look.tick().await;
                }
            }
        }
    }

    /// Asks politely, waits, then kills. Returns when the process has ended.
    pub(super) async fn stop(&mut self, polite: Signal, within: Duration) {
        self.signal(polite);
        if time::timeout(within, self.exited()).await.is_err() {
            self.kill9().await;
        }
    }

    pub(super) async fn kill9(&mut self) {
        self.signal(Signal::SIGKILL);
        self.exited().await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // It may end between the look and the signal; that is what was wanted.
            let _ = kill(pid, signal);
        }
    }
}

/// A child is killed by its own handle; what was taken over has none that would do it.
impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.handle, Handle::TakenOver(_)) {
            self.signal(Signal::SIGKILL);
        }
    }
}

/// A shell that waits for the end of its input, which comes when this process ends, in whatever way, and then kills
/// the server. Its own process group keeps it out of reach of Ctrl-C.
fn spawn_watchdog(pid: u32) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", r#"read -r _; kill -KILL "$0""#, &pid.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}
