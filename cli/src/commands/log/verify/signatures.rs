//! What was signed, against what the trees give.

use aggregates::id::MerchantId;
use projections::transparency::{Names, SignedCheckpoint, TreeId, signed_checkpoints, signed_entries};
use proofs::{Checkpoint, Hash};
use sqlx::PgConnection;

use super::{
    finding::{Fault, Finding, Report},
    trees::Trees,
};

/// Checkpoints read at once.
const PAGE: i64 = 1_000;

/// Every checkpoint that was signed for merchants, in the order of the top log, which is rebuilt from them.
pub async fn entries(
    db: &mut PgConnection,
    names: &Names,
    trees: &mut Trees,
    report: &mut Report,
) -> Result<(), sqlx::Error> {
    let mut next = 0;
    loop {
        let page = signed_entries(&mut *db, next, PAGE).await?;
        if page.is_empty() {
            return Ok(());
        }
        for signed in page {
            if signed.entry != Some(next) {
                let detail = format!("entry {next} of the top log is not there any more");
                report.find(Finding { fault: Fault::Checkpoint, position: None, merchant: None, detail });
            }
            next = signed.entry.map_or(next, |entry| entry + 1);
            let text = check(&signed, names, trees, report);
            trees.tree(TreeId::TOP).push(Hash::of_leaf(&[text.as_bytes()]), None);
        }
    }
}

/// Every checkpoint that was signed for one tree.
pub async fn of_tree(
    db: &mut PgConnection,
    tree: TreeId,
    names: &Names,
    trees: &Trees,
    report: &mut Report,
) -> Result<(), sqlx::Error> {
    let (origin, mut after) = (names.origin(tree), 0);
    loop {
        let page = signed_checkpoints(&mut *db, tree, &origin, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.size;
        for signed in &page {
            check(signed, names, trees, report);
        }
    }
}

/// Holds one against its signature and its tree, and gives the text that it should have.
fn check(signed: &SignedCheckpoint, names: &Names, trees: &Trees, report: &mut Report) -> String {
    report.checkpoints += 1;
    let merchant = Some(signed.tree).filter(|tree| *tree != TreeId::TOP).map(|tree| MerchantId(tree.0));
    let mut find = |detail: String| {
        report.find(Finding { fault: Fault::Checkpoint, position: None, merchant, detail });
    };
    let stated = format!("the stored checkpoint of {} at {} leaves", signed.origin, signed.size);
    let checkpoint = match Checkpoint::open(&signed.note, &names.key()) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            find(format!("{stated}: {error}"));
            return signed.note.clone();
        }
    };
    if (checkpoint.origin.as_str(), checkpoint.size) != (signed.origin.as_str(), signed.size) {
        find(format!("{stated} speaks of {} at {} leaves", checkpoint.origin, checkpoint.size));
    } else if names.tree(&signed.origin) == Some(signed.tree) {
        let tree = trees.0.get(&signed.tree);
        if tree.and_then(|tree| tree.root_at(signed.size)) != Some(checkpoint.root) {
            let place = tree.and_then(|tree| tree.position_at(signed.size));
            let place = place.map_or_else(String::new, |position| format!(", which end at position {position}"));
            find(format!("{stated} was signed for other leaves than those of the log{place}"));
        }
    }
    checkpoint.text()
}
