//! `loyalnest whatif PROGRAM.toml`: what another programme would have made of a merchant's real history. Reads the log and
//! writes nothing.

use aggregates::{id::MerchantId, merchant::Merchant, program::Program, time::Clock};
use anyhow::{Context, anyhow, bail};
use gateway::{
    clock::SystemClock,
    http::program_preview::{ProgramProposal, WhatIfDocument},
    problem::Problem,
};
use journal::{Journal, Subject};
use projections::{
    customers,
    replay::{Moment, as_of},
};
use serde_json::{Value, json};

use crate::{
    args::{Output, WhatIfArgs},
    composition::Config,
    output,
};

const COLUMNS: [&str; 9] = [
    "name",
    "points",
    "bonus_points",
    "cost_minor",
    "redeemed",
    "expired",
    "outstanding",
    "liability_minor",
    "unaffordable",
];
const TIER_COLUMNS: [&str; 3] = ["tier", "happened", "proposed"];
const PEOPLE_COLUMNS: [&str; 4] = ["id", "happened", "proposed", "difference"];
/// The end of all positions.
const NOW: Moment = Moment::Position(u64::MAX);
/// Commits between two words about how far it is.
const SAY_EVERY: u64 = 100_000;

pub async fn run(args: WhatIfArgs, config: &Config, output: Output) -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string(&args.program).with_context(|| format!("{} cannot be read", args.program.display()))?;
    let proposal: ProgramProposal =
        toml::from_str(&text).with_context(|| format!("{} is no programme", args.program.display()))?;
    let merchant = match args.merchant {
        Some(merchant) => merchant,
        None => only_merchant(config).await?,
    };
    let document = tried(&config.journal().await?, merchant, proposal).await?;
    match output {
        Output::Table => print(&document),
        Output::Json | Output::Jsonl => output::one(output, &[], &serde_json::to_value(&document)?),
    }
}

/// Where there is only one merchant, nobody has to name it.
async fn only_merchant(config: &Config) -> anyhow::Result<MerchantId> {
    let merchants = customers::merchants(&config.database().await?).await?;
    match merchants.as_slice() {
        [merchant] => Ok(*merchant),
        [] => bail!("no merchant has customers"),
        several => bail!("{} merchants have customers: say which with --merchant", several.len()),
    }
}

async fn tried(journal: &Journal, merchant: MerchantId, proposal: ProgramProposal) -> anyhow::Result<WhatIfDocument> {
    let state = as_of::<Merchant>(journal, Subject::merchant(merchant), NOW).await?;
    let now = state.state.now(SystemClock.now());
    let program = as_of::<Program>(journal, Subject::program(merchant), NOW).await?;
    let current = program.state.current().with_context(|| format!("{merchant} has no programme"))?;
    let trying = proposal.read(current, now).map_err(|problem| told(&problem))?;
    let mut commits = 0_u64;
    let seen = |commit: &journal::Positioned| {
        commits += 1;
        if commits.is_multiple_of(SAY_EVERY) {
            eprintln!("{commits} commits, position {}", commit.position);
        }
    };
    trying.over(journal, merchant, seen).await.map_err(|problem| told(&problem))
}

/// What is wrong with a proposal, and where.
fn told(problem: &Problem) -> anyhow::Error {
    let pointer = problem.pointer.as_deref().unwrap_or_default();
    let detail = problem.detail.as_deref().unwrap_or(problem.code.title());
    anyhow!("{pointer} {detail}")
}

fn print(document: &WhatIfDocument) -> anyhow::Result<()> {
    let side = |name: &str, side| {
        let mut row = serde_json::to_value(side)?;
        row["name"] = Value::String(name.to_owned());
        anyhow::Ok(row)
    };
    let rows = [side("happened", &document.happened)?, side("proposed", &document.proposed)?];
    output::list(Output::Table, &COLUMNS, &rows)?;
    let tiers = document.happened.tiers.keys().chain(document.proposed.tiers.keys());
    let tiers: std::collections::BTreeSet<&String> = tiers.collect();
    if !tiers.is_empty() {
        let members = |side: &gateway::http::program_preview::SideDocument, tier: &str| side.tiers.get(tier).copied();
        let row = |tier: &&String| {
            let (happened, proposed) = (members(&document.happened, tier), members(&document.proposed, tier));
            json!({ "tier": tier, "happened": happened.unwrap_or(0), "proposed": proposed.unwrap_or(0) })
        };
        println!();
        output::list(Output::Table, &TIER_COLUMNS, &tiers.iter().map(row).collect::<Vec<_>>())?;
    }
    let people = document.top_winners.iter().chain(&document.top_losers).map(|compared| {
        let difference = compared.proposed - compared.happened;
        json!({ "id": compared.customer_id, "happened": compared.happened, "proposed": compared.proposed, "difference": difference })
    });
    let people: Vec<Value> = people.collect();
    if !people.is_empty() {
        println!();
        output::list(Output::Table, &PEOPLE_COLUMNS, &people)?;
    }
    println!();
    println!(
        "{} customers, {} orders ({} approximated): {} would have got more, {} less",
        document.customers, document.orders, document.approximated_orders, document.winners, document.losers
    );
    for (title, caveats) in [("Assumed", &document.assumptions), ("Not included", &document.not_included)] {
        caveats.iter().for_each(|caveat| println!("{title}: {}", caveat.says));
    }
    Ok(())
}
