//! The pages for auditors, walked as they are printed: every command in them is run and every call is made, with nothing
//! changed but the ids, positions, dates and file names that a page can only hint at. Whatever is added to a page is run,
//! too; what is neither a command nor a call must not stand in a box.

mod history;
mod page;
mod walk;

use self::{
    history::History,
    page::{Step, steps},
    walk::Walk,
};

/// Runs until it is told to end, so it cannot be walked.
const RUN_FOR_EVER: [&str; 1] = ["loyalnest work"];

/// Every step of a page, as an auditor takes it; gives how many there were.
async fn walk(page: &str) -> usize {
    let text = crate::documents::read(page);
    let steps: Vec<Step> = steps(&text).into_iter().filter(|step| !RUN_FOR_EVER.contains(&step.text())).collect();
    let history = History::make().await;
    let mut walk = Walk::begin(&history).await;
    for step in &steps {
        walk.take(step).await;
    }
    steps.len()
}

#[tokio::test]
async fn every_command_of_the_page_for_auditors_does_what_it_says() {
    assert!(walk("docs/audit.md").await >= 15, "the page has lost its commands");
}

#[tokio::test]
async fn every_command_of_the_page_about_proofs_does_what_it_says() {
    assert!(walk("docs/audit-log-proofs.md").await >= 10, "the page has lost its commands");
}

#[tokio::test]
async fn every_command_of_the_page_about_privacy_does_what_it_says() {
    assert!(walk("docs/privacy.md").await >= 1, "the page has lost its commands");
}
