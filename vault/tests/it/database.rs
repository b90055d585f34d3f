//! A Postgres of our own: started by the first test that needs it, stopped and removed when this process ends,
//! however it ends.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aggregates::id::{CustomerId, MerchantId};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tempfile::TempDir;
use tokio::{sync::OnceCell, time::Instant};
use uuid::Uuid;
use vault::{DirectoryKind, Options, RootKeyStore, Vault};

/// Folder of `initdb` and `postgres`; without it, `.tools` upward from here, then the search path.
const BIN_VARIABLE: &str = "LOYALNEST_POSTGRES_BIN";
const START_LIMIT: Duration = Duration::from_secs(30);

/// Runs the server, and outlives the tests by as long as it takes to stop and remove it: its input ends with them.
const KEEPER: &str = r#"
trap '' INT TERM
dir=$1; shift
"$@" >"$dir/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT "$server"
wait "$server"
rm -rf "$dir"
"#;

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
static TEMPLATE: OnceCell<()> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Server {
    /// Where it listens.
    folder: PathBuf,
    /// Its input stays open for as long as this process lives.
    _keeper: Child,
}

/// A migrated database and a root key store, both new.
pub struct Home {
    pub pool: PgPool,
    folder: TempDir,
}

impl Home {
    pub async fn new() -> Home {
        TEMPLATE.get_or_init(migrate_template).await;
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut maintenance = connect("postgres").await;
        let create = AssertSqlSafe(format!("create database {name} template migrated"));
        sqlx::query(create).execute(&mut maintenance).await.expect("create a database");
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options(&name));
        Home { pool, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn root_path(&self) -> PathBuf {
        self.folder.path().join("root.keys")
    }

    pub fn root(&self) -> RootKeyStore {
        RootKeyStore::open_or_create(&self.root_path()).expect("open the root key store")
    }

    /// Another process's vault, as far as anybody can tell: nothing is shared but the database and the file.
    pub async fn vault(&self) -> Vault {
        Vault::open(self.pool.clone(), self.root()).await.expect("open the vault")
    }

    pub async fn vault_with_lease(&self, key_lease: Duration) -> Vault {
        Vault::open_with(self.pool.clone(), self.root(), Options { key_lease, ..Options::default() })
            .await
            .expect("open the vault")
    }

    /// Runs one statement, and says how many rows it changed.
    pub async fn execute(&self, sql: &'static str, id: Uuid) -> u64 {
        sqlx::query(sql).bind(id).execute(&self.pool).await.expect(sql).rows_affected()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect(sql)
    }
}

pub async fn new_merchant(vault: &Vault) -> MerchantId {
    let merchant = MerchantId(new_id());
    vault.create_merchant(merchant).await.expect("create a merchant");
    merchant
}

pub async fn new_person(vault: &Vault, merchant: MerchantId) -> CustomerId {
    let fresh = fresh_person();
    let outside = new_id().to_string();
    let (person, made) =
        vault.person_for(merchant, DirectoryKind::ShopifyCustomer, &outside, fresh).await.expect("enrol a person");
    assert!(made && person == fresh, "nobody else has this outside identity");
    person
}

pub fn fresh_person() -> CustomerId {
    CustomerId(new_id())
}

pub fn new_id() -> Uuid {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

async fn migrate_template() {
    let mut maintenance = connect("postgres").await;
    sqlx::query("create database migrated").execute(&mut maintenance).await.expect("create the template");
    let mut template = connect("migrated").await;
    sqlx::migrate!("../migrations").run(&mut template).await.expect("migrate the template");
    template.close().await.expect("leave the template");
}

async fn connect(database: &str) -> PgConnection {
    options(database).connect().await.expect("connect to the test server")
}

fn options(database: &str) -> PgConnectOptions {
    PgConnectOptions::new().socket(&SERVER.folder).username("postgres").database(database)
}

impl Server {
    /// Starts a server that listens in its own folder only.
    fn start() -> Server {
        let bin = server_folder();
        let folder = tempfile::Builder::new().prefix("vault-pg-").tempdir().expect("a temporary folder").keep();
        let data = folder.join("data");
        let mut initdb = unprivileged(&bin.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-Upostgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        let made = initdb.stdout(Stdio::null()).status().expect("run initdb");
        assert!(made.success(), "initdb of {} failed", bin.display());

        let mut postgres = unprivileged(&bin.join("postgres"));
        postgres.arg("-D").arg(&data).arg("-k").arg(&folder);
        // No test here kills the server, so nothing would be learnt from waiting for the disk.
        postgres.args(["-cfsync=off", "-clisten_addresses=", "-cmax_connections=400"]);
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(postgres.get_program()).args(postgres.get_args());
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("start the server's keeper");
        let server = Server { folder, _keeper: keeper };
        server.wait_until_ready();
        server
    }

    /// The server writes a word to its own file when it accepts connections.
    fn wait_until_ready(&self) {
        let read = |file: &str| std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        let is_ready = || read("data/postmaster.pid").lines().nth(7).is_some_and(|word| word.trim() == "ready");
        let deadline = Instant::now() + START_LIMIT;
        while !is_ready() {
            assert!(Instant::now() < deadline, "the test server did not start:\n{}", read("log"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Postgres refuses to run as root; in a user namespace of its own it need not, and no files change owner.
fn unprivileged(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut mapped = Command::new("unshare");
    mapped.args(["--user", "--map-user=65534", "--map-group=65534"]).arg(program);
    mapped
}

fn server_folder() -> PathBuf {
    let chosen = std::env::var_os(BIN_VARIABLE).map(PathBuf::from);
    let upward = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join(".tools/postgres/bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path).collect::<Vec<_>>();
    chosen
        .into_iter()
        .chain(upward)
        .chain(on_path)
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .unwrap_or_else(|| panic!("no Postgres in {BIN_VARIABLE}, .tools/postgres/bin or PATH: run `make setup`"))
}
