//! Nobody has been at it: everything fits, whenever it is looked at.

use super::scene::Scene;

#[tokio::test]
async fn a_log_that_nobody_has_touched_is_verified_with_its_read_models() {
    let scene = Scene::sealed().await;
    let report = scene.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert!(report.commits > 8 && report.not_in_trees_yet == 0, "{report:?}");
    // The merchant's tree and the top log; the checkpoints of each, and the auditor's own copy.
    assert_eq!(report.trees, 2);
    assert!(report.checkpoints >= 3, "{report:?}");
    assert_eq!(report.read_models, ["balances", "customers", "points_transactions"]);
}

#[tokio::test]
async fn a_checkpoint_that_was_kept_fits_a_log_that_has_grown_and_was_signed_again() {
    let scene = Scene::sealed().await;
    for _ in 0..3 {
        scene.ada().order(10_00).deliver().await;
        scene.seal().await.unwrap();
    }
    scene.ada().order(10_00).deliver().await;
    let report = scene.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert!(report.checkpoints >= 9, "{report:?}");
}

#[tokio::test]
async fn one_merchant_is_verified_without_the_others() {
    let scene = Scene::sealed().await;
    let other = crate::support::Shop::open_at(&scene.installation).await;
    other.shopper().order(10_00).deliver().await;
    scene.seal().await.unwrap();
    std::fs::remove_file(scene.kept()).unwrap();
    let report = scene.verify_only(Some(scene.shop.merchant)).await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.trees, 1);
    assert!(report.checkpoints >= 1);
    assert!(report.commits < scene.verify().await.commits);
}
