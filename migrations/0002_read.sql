-- Read models: everything in this schema can be dropped and filled again from the journal.
create schema if not exists read;

-- Where each projection stands. `stream` and `commit_hash` tell this log from another one that re-uses its positions.
create table read.checkpoint (
    projection  text primary key,
    stream      text not null,
    position    bigint not null,
    commit_hash bytea,
    -- Running maximum of recorded times up to `position`: the time of which answers speak.
    recorded_at timestamptz not null,
    paused      boolean not null default false,
    updated_at  timestamptz not null default now()
);

create table read.customers (
    merchant        uuid not null,
    customer        uuid not null,
    state           text not null check (state in ('member', 'merged')),
    merged_into     uuid,
    profile         bytea not null,
    deleted_in_shop boolean not null default false,
    enrolled_at     timestamptz not null,
    position        bigint not null,
    primary key (merchant, customer)
);
create index customers_newest on read.customers (merchant, enrolled_at desc, customer desc);

-- One row per account: its lots in the journal's encoding, from which any instant's balance is computed.
create table read.balances (
    merchant    uuid not null,
    customer    uuid not null,
    purse       bytea not null,
    -- When time next changes something that is not on record; sweeps look here.
    next_due_at timestamptz,
    position    bigint not null,
    recorded_at timestamptz not null,
    primary key (merchant, customer)
) with (fillfactor = 60);
create index balances_due on read.balances (next_due_at, merchant, customer) where next_due_at is not null;

-- The ledger. Time is the axis, so every key contains `recorded_at`.
create table read.points_transactions (
    merchant      uuid not null,
    customer      uuid not null,
    recorded_at   timestamptz not null,
    position      bigint not null,
    line          smallint not null,
    id            uuid not null,
    type          text not null,
    points        bigint not null,
    occurred_at   timestamptz not null,
    available_at  timestamptz,
    reference_kind text not null,
    -- Of our own things, in clear; of the shop's things, sealed under the person's key.
    reference_id  uuid,
    reference     bytea,
    reason        bytea,
    primary key (merchant, customer, recorded_at, position, line)
);
create index points_transactions_newest on read.points_transactions (merchant, customer, position desc, line desc);

create table read.parked_webhooks (
    merchant  uuid not null,
    parked    uuid not null,
    topic     text not null,
    reason    text not null,
    state     text not null check (state in ('open', 'retried', 'discarded')),
    shard     smallint not null,
    chunks    integer not null,
    parked_at timestamptz not null,
    position  bigint not null,
    primary key (merchant, parked)
);

create table read.gdpr_requests (
    merchant    uuid not null,
    request     uuid not null,
    type        text not null,
    state       text not null,
    customer    uuid,
    received_at timestamptz not null,
    due_at      timestamptz not null,
    position    bigint not null,
    primary key (merchant, request)
);

-- Where the database has TimescaleDB (its image and `make setup-timescale` install it into every new database), the
-- ledger is a hypertable; without it the same table answers the same questions.
do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('read.points_transactions', by_range('recorded_at', interval '7 days'));
    end if;
end
$$;
