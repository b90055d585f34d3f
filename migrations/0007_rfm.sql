-- Segments of a shop's buyers. All of it can be dropped and filled again from the journal.

-- One row per order, under the token by which its owner's account knows it: an event touches one row. `net_minor` is what
-- counts: merchandise paid for and kept, 0 for an order that is off, a test, or wholly refunded.
create table read.rfm_orders (
    merchant     uuid not null,
    order_token  bytea not null,
    customer     uuid not null,
    currency     text,
    processed_at timestamptz not null,
    base_minor   bigint not null,
    cancelled    boolean not null,
    voided       boolean not null,
    test         boolean not null,
    -- Token and merchandise of each refund, in the journal's encoding: a later fact replaces what is known under its token.
    refunds      bytea not null,
    net_minor    bigint not null,
    position     bigint not null,
    primary key (merchant, order_token)
) with (fillfactor = 80);
create index rfm_orders_of_customer on read.rfm_orders (merchant, customer);
create index rfm_orders_newest on read.rfm_orders (position);

-- Accounts that a merge has closed: their orders are the winner's, and somebody has to notice that they have none left.
create table read.rfm_closed_accounts (
    merchant uuid not null,
    customer uuid not null,
    position bigint not null,
    primary key (merchant, customer)
);
create index rfm_closed_accounts_newest on read.rfm_closed_accounts (position);

-- Shops that have orders, and since when: the first window is the first that is due after it.
create table read.rfm_shops (
    merchant       uuid primary key,
    first_order_at timestamptz not null
);

-- The last RFM commit of a merchant that these tables have seen: who decides on them names it.
create table read.rfm_state (
    merchant       uuid primary key,
    position       bigint not null,
    orders_through bigint not null,
    recorded_at    timestamptz not null
);

-- Buyers as they stand. Whoever has no row is a prospect. `scores` are three digits: recency, frequency, monetary.
create table read.customer_segments (
    merchant       uuid not null,
    customer       uuid not null,
    segment        text not null,
    scores         smallint not null,
    last_order_day date not null,
    orders         bigint not null,
    spend_minor    bigint not null,
    as_of          date not null,
    recorded_at    timestamptz not null,
    position       bigint not null,
    primary key (merchant, customer)
) with (fillfactor = 80);

create table read.rfm_windows (
    merchant           uuid not null,
    day                date not null,
    definition_version bigint not null,
    method             text not null,
    currency           text,
    -- Scores 5, 4, 3, 2 up to so many days; scores 2, 3, 4, 5 from so many orders, from so much on.
    recency_days       bigint[] not null,
    orders             bigint[] not null,
    spend_minor        bigint[] not null,
    segments           text[] not null,
    customers          bigint[] not null,
    buyers             bigint not null,
    orders_through     bigint not null,
    closed_at          timestamptz not null,
    position           bigint not null,
    primary key (merchant, day)
);

-- Buyers in each segment at the end of each day on which anything was recorded. The newest day is now.
create table read.rfm_segment_counts (
    merchant  uuid not null,
    day       date not null,
    segment   text not null,
    customers bigint not null,
    primary key (merchant, day, segment)
);

create table read.rfm_segment_deltas (
    merchant     uuid not null,
    day          date not null,
    from_segment text not null,
    to_segment   text not null,
    customers    bigint not null,
    primary key (merchant, day, from_segment, to_segment)
);

-- Every standing that any buyer ever had. Time is the axis, so every key contains `recorded_at`.
create table read.rfm_score_history (
    merchant           uuid not null,
    customer           uuid not null,
    recorded_at        timestamptz not null,
    position           bigint not null,
    day                date not null,
    as_of              date not null,
    cause              text not null,
    definition_version bigint not null,
    from_segment       text not null,
    segment            text not null,
    scores             smallint,
    last_order_day     date,
    orders             bigint,
    spend_minor        bigint,
    primary key (merchant, customer, recorded_at, position)
);

-- Who must not be profiled is looked for before every window, and is hardly anybody.
create index customers_apart on read.customers (merchant, customer)
    where state not in ('member', 'merged') or restricted or objects_to_profiling;

do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('read.rfm_score_history', by_range('recorded_at', interval '7 days'));
    end if;
end
$$;
