//! An installation with a little history, sealed, and the checkpoint that an auditor took home.

use std::path::PathBuf;

use journal::{Journal, JournalOptions, Positioned, Subject};
use loyalnest::{
    commands::log::verify::{Report, Scope, verify},
    composition,
};
use projections::transparency::{KEY_USAGE, Round, SignError};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;

use crate::{
    installation::program::loyalnest,
    support::{Installation, Shop, Shopper, on_shared_runtime},
};

pub struct Scene {
    pub installation: Installation,
    pub shop: Shop,
    /// What the auditor keeps.
    home: TempDir,
}

impl Scene {
    /// Two shoppers with orders, a refund and a redemption; all of it signed.
    pub async fn sealed() -> Scene {
        let scene = Scene::open().await;
        let (ada, ben) = (scene.ada(), scene.ben());
        for price in [20_00, 30_00, 40_00] {
            let order = ada.order(price);
            order.deliver().await;
            ben.order(price).deliver().await;
            if price == 30_00 {
                order.full_refund().deliver().await;
            }
        }
        scene.seal().await.unwrap();
        std::fs::copy(scene.installation.config.checkpoint_file.as_ref().unwrap(), scene.kept()).unwrap();
        scene
    }

    /// Nothing has happened yet but the making of the merchant.
    pub async fn open() -> Scene {
        let installation = Installation::own().await;
        let shop = Shop::open_at(&installation).await;
        Scene { installation, shop, home: tempfile::tempdir().unwrap() }
    }

    pub fn ada(&self) -> Shopper<'_> {
        self.shop.known_as(7_200_000_000_001)
    }

    pub fn ben(&self) -> Shopper<'_> {
        self.shop.known_as(7_200_000_000_002)
    }

    /// Signs everything that is there.
    pub async fn seal(&self) -> Result<Round, SignError> {
        let (gateway, config) = (self.installation.gateway.clone(), self.installation.config.clone());
        on_shared_runtime(async move {
            let signer = composition::checkpoint_signer(&gateway, &config).unwrap();
            signer.round(gateway.clock.now()).await
        })
        .await
    }

    /// The auditor's copy of the newest checkpoint.
    pub fn kept(&self) -> PathBuf {
        self.home.path().join("checkpoint")
    }

    pub async fn journal(&self) -> Journal {
        Journal::connect(&self.installation.config.nats_url, JournalOptions::default()).await.unwrap()
    }

    pub async fn database(&self) -> PgPool {
        PgPool::connect(&self.installation.config.database_url).await.unwrap()
    }

    /// Changes tables behind everybody's back.
    pub async fn sql(&self, statement: &'static str) -> u64 {
        sqlx::query(statement).execute(&self.database().await).await.unwrap().rows_affected()
    }

    /// The newest commit on somebody's account.
    pub async fn newest_on_account(&self, shopper: Shopper<'_>) -> Positioned {
        let customer = shopper.id().await.parse().unwrap();
        let subject = Subject::points(self.shop.merchant, customer);
        self.journal().await.last(&subject).await.unwrap().expect("an account with a history")
    }

    /// Which leaf of its tree a commit is.
    pub async fn leaf_index(&self, position: u64) -> u64 {
        let index = sqlx::query_scalar("select number from proof.hash where position = $1");
        let index: i64 = index.bind(i64::try_from(position).unwrap()).fetch_one(&self.database().await).await.unwrap();
        index.try_into().unwrap()
    }

    /// Makes the stored leaf of a commit another one.
    pub async fn set_leaf(&self, position: u64, hash: proofs::Hash) {
        let changed = sqlx::query("update proof.hash set hash = $2 where position = $1");
        let changed = changed.bind(i64::try_from(position).unwrap()).bind(hash.0.to_vec());
        assert_eq!(changed.execute(&self.database().await).await.unwrap().rows_affected(), 1);
    }

    /// Runs the program beside the installation, as an operator does.
    pub async fn command(&self, arguments: &[&str]) -> Said {
        let config = &self.installation.config;
        let mut command = tokio::process::Command::new(loyalnest());
        command.args(["-o", "json"]).args(arguments).envs(config.variables());
        Said::by(command).await
    }

    /// What the installation says about itself, with the checkpoint that the auditor has kept, if there is one.
    pub async fn verify(&self) -> Report {
        self.verify_only(None).await
    }

    pub async fn verify_only(&self, only: Option<aggregates::id::MerchantId>) -> Report {
        let key = self.installation.gateway.vault.installation().unwrap().signer(KEY_USAGE);
        let kept = vec![self.kept()].into_iter().filter(|path| path.exists()).collect();
        let scope = Scope { only, public: key.public(), kept, read_models: true };
        verify(&self.journal().await, &self.database().await, &scope).await.unwrap()
    }
}

/// What the program said before it ended.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub async fn by(mut command: tokio::process::Command) -> Said {
        let output = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}
