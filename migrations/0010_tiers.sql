-- VIP tiers and campaigns. All of it can be dropped and filled again from the journal.

-- What an order's points are worth to a tier: those that it earned and kept.
alter table read.rfm_orders add column points bigint not null default 0;

-- Points that are not for an order, as far as they count towards a tier: by hand, and bonuses that were not taken back.
create table read.tier_bonuses (
    merchant    uuid not null,
    bonus       uuid not null,
    customer    uuid not null,
    occurred_at timestamptz not null,
    points      bigint not null,
    position    bigint not null,
    primary key (merchant, bonus)
);
create index tier_bonuses_of_customer on read.tier_bonuses (merchant, customer);
create index tier_bonuses_newest on read.tier_bonuses (position);

-- Versions of the programme in which tiers are others than in the version before.
create table read.vip_tiers (
    merchant       uuid not null,
    version        bigint not null,
    effective_from timestamptz not null,
    time_zone      text not null,
    -- The section of the settings, as JSON.
    definition     text not null,
    position       bigint not null,
    primary key (merchant, version)
);

-- The last commit about a merchant's tiers that these tables have seen: who decides on them names it.
create table read.tier_state (
    merchant           uuid primary key,
    position           bigint not null,
    definition_version bigint not null,
    facts_through      bigint not null,
    recorded_at        timestamptz not null
);

-- Customers as they stand. Whoever has no row is in no tier, and nothing is due.
create table read.tier_members (
    merchant      uuid not null,
    customer      uuid not null,
    tier          text,
    since         timestamptz not null,
    look_again_at timestamptz,
    measured      bigint not null,
    recorded_at   timestamptz not null,
    position      bigint not null,
    primary key (merchant, customer)
) with (fillfactor = 80);
create index tier_members_of_tier on read.tier_members (merchant, tier);
create index tier_members_due on read.tier_members (look_again_at) where look_again_at is not null;

-- Every tier that anybody ever came into or left. Time is the axis, so every key contains `recorded_at`.
create table read.tier_history (
    merchant           uuid not null,
    customer           uuid not null,
    recorded_at        timestamptz not null,
    position           bigint not null,
    cause              text not null,
    definition_version bigint not null,
    from_tier          text,
    tier               text,
    since              timestamptz not null,
    measured           bigint not null,
    primary key (merchant, customer, recorded_at, position)
);

do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('read.tier_history', by_range('recorded_at', interval '7 days'));
    end if;
end
$$;

-- Campaigns as they are, also those that were withdrawn.
create table read.campaigns (
    merchant     uuid not null,
    campaign     uuid not null,
    version      bigint not null,
    -- `multiply`, or the action that it rewards.
    kind         text not null,
    starts_at    timestamptz not null,
    ends_at      timestamptz,
    withdrawn_at timestamptz,
    position     bigint not null,
    primary key (merchant, campaign)
);

-- Orders that a campaign multiplied, with the points they were awarded.
create table read.campaign_orders (
    merchant uuid not null,
    campaign uuid not null,
    orders   bigint not null,
    points   bigint not null,
    primary key (merchant, campaign)
);

-- What customers did, and what each campaign gives for it. A row that is not granted yet is work to be done.
create table read.campaign_actions (
    merchant uuid not null,
    campaign uuid not null,
    token    bytea not null,
    customer uuid not null,
    action   text not null,
    version  bigint not null,
    points   bigint not null,
    bonus    uuid not null,
    taken_at timestamptz not null,
    granted  boolean not null,
    position bigint not null,
    primary key (merchant, campaign, token)
);
create index campaign_actions_of_customer on read.campaign_actions (merchant, customer, action);
create index campaign_actions_by_bonus on read.campaign_actions (merchant, bonus);
create index campaign_actions_due on read.campaign_actions (merchant) where not granted;

-- The last commit of each shard of actions that these tables have seen: who decides on them names it.
create table read.campaign_shards (
    merchant uuid not null,
    shard    smallint not null,
    position bigint not null,
    primary key (merchant, shard)
);

-- Whoever has just become a member is looked for by campaigns.
create index customers_by_position on read.customers (merchant, position);
