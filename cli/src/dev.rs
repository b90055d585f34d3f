//! `loyalnest dev`: everything on one machine, below one directory.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use aggregates::merchant::WebhookSecret;
use anyhow::Context;
use gateway::{Gateway, Options, shopify::signature};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{
    args::DevArgs,
    commands::streams,
    composition::{self, Config},
    serve::{answer, bind, until_told},
    servers::{Binaries, Named, Supervisor, SupervisorOptions},
    telemetry,
};

const DEMO_SHOP: &str = "demo.myshopify.com";

pub async fn dev(args: DevArgs) -> anyhow::Result<()> {
    let telemetry = telemetry::start()?;
    let stop = until_told()?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&args.data_dir)
        .with_context(|| format!("cannot make {}", args.data_dir.display()))?;
    let data_dir = args.data_dir.canonicalize()?;
    // Before the servers: a port that is taken is said at once.
    let listener = bind(args.listen).await?;

    let named = Named { nats_server: args.nats_server, postgres_bin_dir: args.postgres_bin };
    let binaries = Binaries::find(&named).await?;
    let supervisor = Supervisor::start(&binaries, SupervisorOptions::in_directory(&data_dir)).await?;
    let below = Config::below(&data_dir.join("keys"), supervisor.nats().url(), supervisor.postgres().url());
    let config = Config {
        checkpoint_file: Some(data_dir.join("checkpoint")),
        ..below.with_outside_from_env()?.with_mailing_from_env()?
    };
    // The servers outlive the clients: they are stopped once everything that uses them is done.
    let servers_stop = CancellationToken::new();
    let servers = tokio::spawn(supervisor.run_until(servers_stop.clone()));

    let options = Options { test_clock: args.test_clock, ..Options::default() };
    let outcome = async {
        let gateway = prepare(&config, &data_dir, options).await?;
        let mut work = composition::start_work(&gateway, &config, &stop)?;
        let address = listener.local_addr()?;
        if args.demo {
            demo(&gateway, &data_dir, &format!("http://{address}")).await?;
        }
        println!("ready http://{address}");
        answer(gateway, listener, telemetry.metrics.clone(), stop.clone()).await?;
        while work.join_next().await.is_some() {}
        anyhow::Ok(())
    };
    let outcome = tokio::select! {
        outcome = outcome => outcome,
        () = stop.cancelled() => Ok(()),
    };
    stop.cancel();
    servers_stop.cancel();
    servers.await.context("the servers' supervisor failed")??;
    outcome
}

async fn prepare(config: &Config, data_dir: &Path, options: Options) -> anyhow::Result<Gateway> {
    let keys = data_dir.join("keys");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys)?;
    composition::init_keys(config).await?;
    composition::migrate(&config.database().await?).await?;
    streams::apply_all(config).await?;
    write_env(config, &data_dir.join("env"))?;
    composition::assemble(config, options).await
}

fn write_env(config: &Config, path: &Path) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(config.as_env_file().as_bytes())?)
}

/// The demo merchant's credentials, kept because an API key is shown only once otherwise.
#[derive(Serialize, Deserialize)]
struct Demo {
    api_key: String,
    webhook_secret: String,
}

async fn demo(gateway: &Gateway, data_dir: &Path, url: &str) -> anyhow::Result<()> {
    let path = data_dir.join("demo.json");
    let demo: Demo = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("demo.json cannot be read")?,
        Err(_) => {
            let webhook_secret = gateway::clock::new_id().simple().to_string();
            let actor = journal::Actor::Operator("dev".to_owned());
            let secrets = [WebhookSecret::parse(&webhook_secret)?];
            let (_, key) = gateway.create_merchant(DEMO_SHOP, &secrets, actor).await?;
            let demo = Demo { api_key: key.text, webhook_secret };
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(&serde_json::to_vec(&demo)?)?;
            demo
        }
    };
    let now = aggregates::time::Clock::now(&gateway::clock::SystemClock).to_rfc3339();
    let order = format!(
        r##"{{"id":1001,"name":"#1001","currency":"EUR","subtotal_price":"50.00","processed_at":"{now}","updated_at":"{now}","financial_status":"paid","customer":{{"id":2001}}}}"##
    );
    let hmac = signature::sign(order.as_bytes(), demo.webhook_secret.as_bytes());
    println!("url     {url}");
    println!("shop    {DEMO_SHOP}");
    println!("api key {}", demo.api_key);
    println!("\nAn order of 50.00, signed as the shop signs it:\n");
    println!("curl -s {url}/webhooks/orders/create -H 'X-Shopify-Shop-Domain: {DEMO_SHOP}' \\");
    println!("  -H 'X-Shopify-Hmac-Sha256: {hmac}' -d '{order}'\n");
    println!("Who that was, and their balance:\n");
    println!("curl -s '{url}/v1/customers?external_id=shopify:2001' -H 'Authorization: Bearer {}'\n", demo.api_key);
    Ok(())
}
