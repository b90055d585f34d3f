//! What every door shares: the aggregates, the vault, the read models and the clock.

use std::{sync::Arc, time::Duration};

use aggregates::{
    books::Books,
    campaign::CampaignBoard,
    customer::Customer,
    gdpr::GdprRequest,
    id::MerchantId,
    import::ImportShard,
    mail::MailTemplates,
    merchant::{Merchant, WebhookSecret},
    parked::ParkedShard,
    points::Account,
    pos::PosShard,
    product::ProductShard,
    program::Program,
    referral::{ClickShard, Referral},
    reward::Reward,
    time::{Clock, Timestamp},
    waiting::WaitingShard,
};
use journal::{Aggregates, Journal, SnapshotSeal, Subject, executor::Capacity};
use policies::{
    AdminTokens, Analyst, Awarder, Deliveries, Eraser, MailHandler, Mailing, Postmaster, Referrer, Rewarder, Sweeper,
    TaskQueue, TaskWorker, TierKeeper,
    admin_tokens::{self, KeepToken},
    badges::Celebrated,
    campaigns::Noticed,
    delivery::{self, DisableCode, MakeReward, TakeBackCredit},
    erasure,
    shopify_admin::ShopifyAdmin,
    tasks::{Handler, Handlers, LEASE},
};
use projections::{Progress, balances::BalanceReader};
use quick_cache::sync::Cache;
use sqlx::PgPool;
use tokio::{sync::Semaphore, time::Instant};
use vault::{DeletionJournal, Vault};

use crate::{
    clock::new_id,
    commands::{CommandError, merchant::SECRET_TAG, referrals::clicks::ClickCounter},
};

/// Hot accounts in memory: lots and orders of one person each, packed into about 50 bytes an order.
const HOT_ACCOUNTS: usize = 131_072;
/// Hot customers in memory, about 200 bytes each.
const HOT_CUSTOMERS: usize = 262_144;
/// Hot referrals in memory, about 500 bytes each.
const HOT_REFERRALS: usize = 32_768;
/// Hot aggregates of the kinds of which a merchant has one or a few.
const HOT_OTHERS: usize = 16_384;
/// Previews of segments at once: each reads all buyers of a shop, which may take a few hundred megabytes.
const PREVIEWS_AT_ONCE: usize = 2;
/// How old a merchant's settings and keys may be before the log is asked again: what one gateway changes, the others
/// follow within this time.
pub(crate) const MERCHANT_LEASE: Duration = Duration::from_secs(2);

/// Switches of an installation.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Offers `POST /v1/test_clock`.
    pub test_clock: bool,
    /// How long a read with `min_position` waits for its read model.
    pub read_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { test_clock: false, read_patience: Duration::from_secs(5) }
    }
}

/// What the composition root hands over.
pub struct Parts {
    pub journal: Journal,
    pub vault: Vault,
    pub db: PgPool,
    pub progress: Progress,
    pub clock: Arc<dyn Clock>,
    pub snapshot_seal: Arc<dyn SnapshotSeal>,
    pub deletions: DeletionJournal,
    /// Shops' own APIs.
    pub shopify_admin: ShopifyAdmin,
    /// How mails leave; without it none do.
    pub mailing: Option<Mailing>,
    pub options: Options,
}

/// Everything behind the doors. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

pub struct Shared {
    pub journal: Journal,
    pub vault: Vault,
    pub db: PgPool,
    pub progress: Progress,
    pub balances: BalanceReader,
    pub clock: Arc<dyn Clock>,
    pub options: Options,
    pub accounts: Aggregates<Account>,
    pub customers: Aggregates<Customer>,
    pub programs: Aggregates<Program>,
    pub campaigns: Aggregates<CampaignBoard>,
    pub merchants: Aggregates<Merchant>,
    pub requests: Aggregates<GdprRequest>,
    pub waiting: Aggregates<WaitingShard>,
    pub books: Aggregates<Books>,
    pub parked: Aggregates<ParkedShard>,
    pub products: Aggregates<ProductShard>,
    pub referrals: Aggregates<Referral>,
    pub click_shards: Aggregates<ClickShard>,
    pub(crate) clicks: ClickCounter,
    /// Shops of which somebody has a referral link, as far as was asked.
    pub(crate) link_shops: Cache<MerchantId, (Instant, bool)>,
    pub rewards: Aggregates<Reward>,
    /// What opens shops' own APIs.
    pub admin_tokens: AdminTokens,
    /// Has shops make what points are reserved for, and takes it back.
    pub deliveries: Deliveries,
    /// Words of mails.
    pub templates: Aggregates<MailTemplates>,
    pub mailing: Option<Mailing>,
    /// What is to be done outside, or later.
    pub tasks: TaskQueue,
    /// Who does it.
    pub handlers: Handlers,
    pub imports: Aggregates<ImportShard>,
    pub tills: Aggregates<PosShard>,
    /// Executes privacy requests.
    pub eraser: Eraser,
    /// How far members were looked at for campaigns.
    pub(crate) noticed: Noticed,
    /// How far birthdays were looked at for badges.
    pub(crate) celebrated: Celebrated,
    /// Whose turn it is to preview segments.
    pub(crate) previews: Semaphore,
    pub(crate) leases: Cache<MerchantId, (Instant, Arc<MerchantLease>)>,
}

/// A merchant's state and rules, as of at most [`MERCHANT_LEASE`] ago.
pub struct MerchantLease {
    pub merchant: Merchant,
    pub program: Arc<Program>,
    pub campaigns: Arc<CampaignBoard>,
    /// Opened, for checking signatures; in memory only.
    pub(crate) webhook_secrets: Vec<Vec<u8>>,
}

impl std::ops::Deref for Gateway {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Gateway {
    pub fn new(parts: Parts) -> Self {
        let journal = &parts.journal;
        let others = Capacity(HOT_OTHERS);
        let requests = Aggregates::new(journal.clone(), others);
        let customers = Aggregates::packed(journal.clone(), Capacity(HOT_CUSTOMERS));
        let tasks = TaskQueue {
            shards: Aggregates::with_snapshots(journal.clone(), others, Arc::clone(&parts.snapshot_seal)),
            customers: customers.clone(),
            vault: parts.vault.clone(),
            db: parts.db.clone(),
            progress: parts.progress.clone(),
            new_id,
        };
        let accounts = Aggregates::with_snapshots(journal.clone(), Capacity(HOT_ACCOUNTS), parts.snapshot_seal);
        let merchants = Aggregates::new(journal.clone(), others);
        let programs = Aggregates::new(journal.clone(), others);
        let rewards = Aggregates::new(journal.clone(), others);
        let admin_tokens = AdminTokens::new(admin_tokens::Parts {
            merchants: merchants.clone(),
            vault: parts.vault.clone(),
            db: parts.db.clone(),
            tasks: tasks.clone(),
            admin: parts.shopify_admin.clone(),
            new_id,
        });
        let deliveries = Deliveries::new(delivery::Parts {
            accounts: accounts.clone(),
            rewards: rewards.clone(),
            programs: programs.clone(),
            journal: journal.clone(),
            vault: parts.vault.clone(),
            db: parts.db.clone(),
            tasks: tasks.clone(),
            admin: parts.shopify_admin,
            tokens: admin_tokens.clone(),
            new_id,
        });
        let eraser = Eraser::new(erasure::Parts {
            requests: requests.clone(),
            customers: customers.clone(),
            accounts: accounts.clone(),
            merchants: merchants.clone(),
            journal: journal.clone(),
            deliveries: deliveries.clone(),
            vault: parts.vault.clone(),
            deletions: parts.deletions,
            db: parts.db.clone(),
            clock: Arc::clone(&parts.clock),
            new_id,
        });
        let programs = Aggregates::new(journal.clone(), others);
        let templates = Aggregates::new(journal.clone(), others);
        let mail_handler = parts.mailing.clone().map(|mailing| {
            Arc::new(MailHandler {
                mailing,
                outboxes: Aggregates::new(journal.clone(), others),
                templates: templates.clone(),
                customers: customers.clone(),
                accounts: accounts.clone(),
                programs: programs.clone(),
                vault: parts.vault.clone(),
                db: parts.db.clone(),
                progress: parts.progress.clone(),
                clock: Arc::clone(&parts.clock),
                new_id,
            }) as Arc<dyn Handler>
        });
        let in_the_shop = [
            Arc::new(MakeReward(deliveries.clone())) as Arc<dyn Handler>,
            Arc::new(DisableCode(deliveries.clone())),
            Arc::new(TakeBackCredit(deliveries.clone())),
            Arc::new(KeepToken(admin_tokens.clone())),
        ];
        let handlers = Handlers::of(in_the_shop.into_iter().chain(mail_handler).collect());
        Gateway(Arc::new(Shared {
            accounts,
            customers,
            campaigns: Aggregates::new(journal.clone(), others),
            programs,
            rewards,
            merchants,
            requests,
            waiting: Aggregates::new(journal.clone(), others),
            books: Aggregates::new(journal.clone(), others),
            parked: Aggregates::new(journal.clone(), others),
            products: Aggregates::new(journal.clone(), others),
            referrals: Aggregates::new(journal.clone(), Capacity(HOT_REFERRALS)),
            click_shards: Aggregates::new(journal.clone(), others),
            clicks: ClickCounter::default(),
            link_shops: Cache::new(HOT_OTHERS),
            tasks,
            handlers,
            admin_tokens,
            deliveries,
            templates,
            mailing: parts.mailing,
            imports: Aggregates::new(journal.clone(), others),
            tills: Aggregates::new(journal.clone(), others),
            eraser,
            noticed: Noticed::default(),
            celebrated: Celebrated::default(),
            previews: Semaphore::new(PREVIEWS_AT_ONCE),
            leases: Cache::new(HOT_OTHERS),
            journal: parts.journal,
            vault: parts.vault,
            balances: BalanceReader::start(parts.db.clone()),
            db: parts.db,
            progress: parts.progress,
            clock: parts.clock,
            options: parts.options,
        }))
    }

    pub fn sweeper(&self) -> Sweeper {
        Sweeper {
            accounts: self.accounts.clone(),
            merchants: self.merchants.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
        }
    }

    pub fn referrer(&self) -> Referrer {
        Referrer {
            journal: self.journal.clone(),
            referrals: self.referrals.clone(),
            accounts: self.accounts.clone(),
            customers: self.customers.clone(),
            programs: self.programs.clone(),
            merchants: self.merchants.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
            new_id,
        }
    }

    /// Puts mails on the task queue; none where nothing can be sent.
    pub fn postmaster(&self) -> Option<Postmaster> {
        self.mailing.as_ref().map(|_| Postmaster {
            queue: self.tasks.clone(),
            programs: self.programs.clone(),
            merchants: self.merchants.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
            new_id,
        })
    }

    /// Does what is on the task queue. Each is a worker of its own.
    pub fn task_worker(&self) -> TaskWorker {
        TaskWorker {
            queue: self.tasks.clone(),
            merchants: self.merchants.clone(),
            handlers: self.handlers.clone(),
            clock: Arc::clone(&self.clock),
            id: new_id(),
            lease: LEASE,
        }
    }

    pub fn analyst(&self) -> Analyst {
        Analyst {
            journal: self.journal.clone(),
            programs: self.programs.clone(),
            merchants: self.merchants.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
            new_id,
        }
    }

    pub fn rewarder(&self) -> Rewarder {
        Rewarder {
            journal: self.journal.clone(),
            campaigns: self.campaigns.clone(),
            programs: self.programs.clone(),
            merchants: self.merchants.clone(),
            accounts: self.accounts.clone(),
            vault: self.vault.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
            new_id,
            noticed: self.noticed.clone(),
        }
    }

    pub fn tier_keeper(&self) -> TierKeeper {
        TierKeeper {
            journal: self.journal.clone(),
            programs: self.programs.clone(),
            merchants: self.merchants.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
            new_id,
        }
    }

    pub fn awarder(&self) -> Awarder {
        Awarder {
            journal: self.journal.clone(),
            customers: self.customers.clone(),
            accounts: self.accounts.clone(),
            programs: self.programs.clone(),
            merchants: self.merchants.clone(),
            vault: self.vault.clone(),
            db: self.db.clone(),
            progress: self.progress.clone(),
            new_id,
            celebrated: self.celebrated.clone(),
        }
    }

    /// The merchant and its programme, confirmed by the log at most [`MERCHANT_LEASE`] ago.
    pub(crate) async fn merchant(&self, merchant: MerchantId) -> Result<Arc<MerchantLease>, CommandError> {
        if let Some((taken, lease)) = self.leases.get(&merchant)
            && taken.elapsed() < MERCHANT_LEASE
        {
            return Ok(lease);
        }
        // Boxed: it is long and rare, and every request would carry room for it.
        Box::pin(self.renew_merchant(merchant)).await
    }

    /// The merchant's time.
    pub async fn now_of(&self, merchant: MerchantId) -> Result<Timestamp, CommandError> {
        Ok(self.merchant(merchant).await?.merchant.now(self.clock.now()))
    }

    /// The same, asking the log now.
    pub(crate) async fn renew_merchant(&self, merchant: MerchantId) -> Result<Arc<MerchantLease>, CommandError> {
        let taken = Instant::now();
        let (state, program, campaigns) = futures::try_join!(
            self.merchants.load_confirmed(Subject::merchant(merchant)),
            self.programs.load_confirmed(Subject::program(merchant)),
            self.campaigns.load_confirmed(Subject::campaigns(merchant)),
        )?;
        let lease = Arc::new(MerchantLease {
            webhook_secrets: self.open_secrets(merchant, &state.state).await?,
            merchant: state.state.clone(),
            program: Arc::new(program.state.clone()),
            campaigns: Arc::new(campaigns.state.clone()),
        });
        self.leases.insert(merchant, (taken, Arc::clone(&lease)));
        Ok(lease)
    }

    async fn open_secrets(&self, merchant: MerchantId, state: &Merchant) -> Result<Vec<Vec<u8>>, CommandError> {
        // Behind the fence nothing of a shop is accepted; soon there is no key to open its secrets with.
        let Some(created) = state.created.as_ref().filter(|_| state.fenced_at.is_none()) else { return Ok(Vec::new()) };
        let keys = self.vault.merchant(merchant).await?;
        let open = |sealed| keys.open(SECRET_TAG, sealed).map(|opened: WebhookSecret| opened.secret.into_bytes());
        created
            .webhook_secrets
            .iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map_err(|error| CommandError::Internal(format!("a webhook secret does not open: {error}")))
    }
}
