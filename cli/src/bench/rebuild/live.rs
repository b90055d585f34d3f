//! What commands notice of a rebuild: the same commands in turn alone and while a read model is made anew beside them, with the
//! share of the machine that a rebuild takes unless told otherwise.

use gateway::Gateway;
use projections::generation::fill::{FillError, Share};
use tokio_util::sync::CancellationToken;

use super::{BOTH, COMMANDS_ALONE, filled};
use crate::bench::{Scale, crowd::crowd, figure::Figure, note, run::Turns, shop::Shop, stage::Stage};

/// Commands under way at once, as in an ordinary hour.
const IN_FLIGHT: usize = 64;
/// So many turns go into one here: a rebuild begins with a burst, as much of the log as is read ahead, and goes on evenly.
const TURNS: u32 = 5;

pub async fn figure(stage: &Stage, gateway: &Gateway, shop: &Shop, scale: Scale) -> anyhow::Result<Figure> {
    let parties = stage.parties(None)?;
    let (mut alone, mut beside) = (Turns::default(), Turns::default());
    for round in 1..=scale.rounds {
        note(&format!("rebuild: live commands, round {round} of {}", scale.rounds));
        let command = {
            let (gateway, shop) = (gateway.clone(), shop.clone());
            move || {
                let (gateway, shop) = (gateway.clone(), shop.clone());
                async move { shop.order(&gateway).await }
            }
        };
        alone.push(crowd(IN_FLIGHT, scale.turn * TURNS, &parties, command.clone()).await?);
        let stop = CancellationToken::new();
        let rebuilding = tokio::spawn(again_and_again(gateway.clone(), stop.clone()));
        beside.push(crowd(IN_FLIGHT, scale.turn * TURNS, &parties, command).await?);
        stop.cancel();
        rebuilding.await??;
    }
    let name = "award, 64 in flight, while read models are made anew";
    Ok(Figure::rates(name, beside.median(), "the same, while none is", alone.median(), COMMANDS_ALONE))
}

/// One read model after the other, on a connection of its own as an operator's process has it.
async fn again_and_again(gateway: Gateway, stop: CancellationToken) -> anyhow::Result<()> {
    let journal = gateway.journal.beside().await?;
    for name in BOTH.into_iter().cycle() {
        let up_to = journal.last_position().await?;
        match filled(&journal, &gateway, name, up_to, (Share::DEFAULT, stop.clone())).await? {
            Ok(_) if !stop.is_cancelled() => {}
            Ok(_) | Err(FillError::Stopped(_)) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
