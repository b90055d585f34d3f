//! What is said of read models: `loyalnest projections …` and `loyalnest check …`.

use clap::{Args as Group, Subcommand};
use projections::generation::fill::Share;

#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Every generation of every read model, and where it stands.
    List,
    /// Where those stand that are read.
    Status,
    /// Stops one at its checkpoint.
    Pause { name: String },
    /// Lets it go on.
    Resume { name: String },
    /// Fills a new generation of a read model from the log, beside the one that is read, and has it read when it is not
    /// behind. Ctrl-C stops it; calling it again goes on.
    Rebuild(RebuildArgs),
    /// Makes read models anew, compares them with what is read, and throws them away. The exit code is 6 if a row differs.
    Verify(VerifyReadModelsArgs),
    /// Has another generation read, such as the one from before a rebuild.
    Switch { name: String, generation: i32 },
    /// Drops a generation that is not read.
    Drop { name: String, generation: i32 },
    /// What read models go on without, because they cannot read one of its commits.
    #[command(subcommand)]
    Parked(ParkedAggregatesCommand),
}

#[derive(Debug, Subcommand)]
pub enum ParkedAggregatesCommand {
    /// Commits that cannot be read, with how many aggregates stand still because of each.
    List,
    /// Takes in what was held back, after an upgrade.
    Retry { name: String, position: u64 },
    /// Goes on as if this commit were not there, and takes in what followed it.
    Discard {
        name: String,
        position: u64,
        /// Why; goes on record, sealed.
        #[arg(long)]
        reason: String,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Group)]
pub struct RebuildArgs {
    pub name: String,
    /// Leaves it beside the one that is read; workers keep it up. `projections switch` has it read.
    #[arg(long)]
    pub no_switch: bool,
    /// Does not compare it with the one that is read.
    #[arg(long)]
    pub no_compare: bool,
    /// How much of one processor's time it may take.
    #[arg(long, value_name = "PERCENT", default_value_t = Share::DEFAULT_PERCENT, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub share: u32,
}

#[derive(Debug, Group)]
pub struct VerifyReadModelsArgs {
    /// Only this one; all that can be made anew unless said.
    pub name: Option<String>,
    /// How much of one processor's time it may take.
    #[arg(long, value_name = "PERCENT", default_value_t = Share::DEFAULT_PERCENT, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub share: u32,
}

#[derive(Debug, Subcommand)]
pub enum CheckCommand {
    /// How far read models are behind the log. For monitors: prints one line, and the exit code is 0 for ok, 1 for a warning,
    /// 2 for critical, 3 if it is not known.
    Lag(LagArgs),
}

#[derive(Debug, Group)]
pub struct LagArgs {
    /// From so many events on, or seconds, it is a warning.
    #[arg(long, value_name = "N")]
    pub warn: u64,
    /// From so many on it is critical.
    #[arg(long, value_name = "N")]
    pub critical: u64,
    /// Counts seconds: how long ago the oldest commit was written that has not been taken in.
    #[arg(long)]
    pub seconds: bool,
    /// Only this read model.
    #[arg(long, value_name = "NAME")]
    pub projection: Option<String>,
}
