-- Generations of read models: several makings of the same tables, one of which is read.
--
-- The tables of the live generation are in schema `read`; those of any other in a schema of its own, named
-- `spare_<projection>_<generation>`. To switch is to move tables between the two, in one transaction.

alter table read.checkpoint
    add column generation integer not null default 1 check (generation > 0),
    add column live boolean not null default true,
    -- Who feeds it: workers, a rebuild that is under way, or a verification that throws it away.
    add column stage text not null default 'following' check (stage in ('following', 'filling', 'verifying')),
    -- A generation that is filled in bulk has its indexes last.
    add column indexed boolean not null default true,
    drop constraint checkpoint_pkey,
    add primary key (projection, generation);
create unique index checkpoint_live on read.checkpoint (projection) where live;

-- A number is never given out twice: what was read from one generation never continues in another.
create sequence read.generation start 2;

-- What a generation goes on without, because of a commit that it cannot read. That it may is on record in the journal; here
-- is how far each of them was taken in.
create table read.parked_aggregates (
    projection text not null,
    generation integer not null,
    -- The aggregate, as the journal names it.
    subject    text not null,
    merchant   uuid not null,
    -- Its own id, if it has one: of customers and accounts, the customer's.
    aggregate  uuid,
    -- The first commit that was not taken in.
    since      bigint not null,
    -- The commit that cannot be read; of aggregates that a parked commit names, that of the other.
    cause      bigint not null,
    parked_at  timestamptz not null default now(),
    primary key (projection, generation, subject)
);

-- Moves when an operator has decided about something parked: workers look again.
alter table read.checkpoint add column decisions integer not null default 0;

-- Versions of each merchant's settings, with who published them and when.
create table read.program_history (
    merchant       uuid not null,
    version        integer not null,
    effective_from timestamptz not null,
    settings       jsonb not null,
    actor_kind     text not null,
    -- A topic, the short id of a key, a name of an account or a policy; never a person's address.
    actor          text,
    recorded_at    timestamptz not null,
    position       bigint not null,
    primary key (merchant, version)
);

-- What came and went by merchant and day (UTC), what was outstanding at its end, and what that was worth by the settings of
-- that day. A day without a row is as the last one before it that has one. Time is the axis, so the key contains `day`.
create table read.daily_totals (
    merchant          uuid not null,
    day               date not null,
    issued            bigint not null,
    restored          bigint not null,
    redeemed          bigint not null,
    expired           bigint not null,
    reversed          bigint not null,
    forfeited         bigint not null,
    outstanding       bigint not null,
    -- So many points buy so many minor units of the currency in which the shop's orders are stated.
    rate_points       bigint not null,
    rate_amount_minor bigint not null,
    currency          text,
    liability_minor   bigint not null,
    position          bigint not null,
    primary key (merchant, day)
);

do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('read.daily_totals', by_range('day', interval '90 days'));
    end if;
end
$$;
