-- Redemptions of every account: what was taken, and how far each has come. The code itself is derived from its id under the
-- merchant's key, and stored nowhere.
create table read.reward_redemptions (
    merchant         uuid not null,
    redemption       uuid not null,
    -- Whose account it is in now: a merge takes it along.
    customer         uuid not null,
    -- Of the catalogue; null at the programme's rate.
    reward           uuid,
    reward_version   integer,
    points           bigint not null,
    -- Of these, how many came back.
    returned_points  bigint not null,
    value_minor      bigint not null,
    state            text not null check (state in ('pending', 'active', 'used', 'cancelled', 'disabled')),
    -- One for each thing that can happen to it, so that its state at any time can be told.
    created_at       timestamptz not null,
    delivered_at     timestamptz,
    used_at          timestamptz,
    returned_at      timestamptz,
    ended_at         timestamptz,
    created_position bigint not null,
    position         bigint not null,
    primary key (merchant, redemption)
) with (fillfactor = 80);
create index reward_redemptions_newest on read.reward_redemptions (merchant, created_position desc, redemption);
create index reward_redemptions_of_customer
    on read.reward_redemptions (merchant, customer, created_position desc, redemption);

-- Members are counted for every answer about segments: who is in none of them is a prospect.
create index customers_members on read.customers (merchant) where state = 'member';

-- Moves between segments are asked for by time: a hypertable where TimescaleDB is there, as the history of scores is.
do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('read.rfm_segment_deltas', by_range('day', interval '90 days'), migrate_data => true);
    end if;
end
$$;

-- The same totals by month: the sums of its days, and how its last day that has a row stands.
create table read.monthly_totals (
    merchant          uuid not null,
    -- Its first day.
    month             date not null,
    issued            bigint not null,
    restored          bigint not null,
    redeemed          bigint not null,
    expired           bigint not null,
    reversed          bigint not null,
    forfeited         bigint not null,
    outstanding       bigint not null,
    rate_points       bigint not null,
    rate_amount_minor bigint not null,
    currency          text,
    liability_minor   bigint not null,
    position          bigint not null,
    primary key (merchant, month)
);
insert into read.monthly_totals
select distinct on (merchant, date_trunc('month', day))
       merchant, date_trunc('month', day)::date,
       sum(issued) over month, sum(restored) over month, sum(redeemed) over month, sum(expired) over month,
       sum(reversed) over month, sum(forfeited) over month,
       outstanding, rate_points, rate_amount_minor, currency, liability_minor, position
  from read.daily_totals
window month as (partition by merchant, date_trunc('month', day))
 order by merchant, date_trunc('month', day), day desc;

-- From when on rows of a table are kept, once any have been let go. Before that, the table says less than the log.
create table read.retention (
    table_name text primary key,
    kept_from  timestamptz not null
);
