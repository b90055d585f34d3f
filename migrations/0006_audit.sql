-- What an auditor reads: who did what, and the books.

-- One row per event of the journal. Time is the axis, so every key contains `recorded_at`. Nothing here opens anything:
-- reasons stay sealed under the key of whom they are about.
create table read.audit_logs (
    merchant     uuid not null,
    recorded_at  timestamptz not null,
    position     bigint not null,
    line         smallint not null,
    -- Where the last of the commits stands that were written together: as of a position, all of them or none.
    group_end    bigint not null,
    request      uuid not null,
    actor_kind   text not null,
    -- A topic, the short id of a key, a name of an account or a policy; never a person's address.
    actor        text,
    action       text not null,
    target_kind  text not null,
    target_id    text,
    -- The person it is about.
    customer     uuid,
    outcome      text not null,
    -- Somebody said why. The words themselves go with the person they are about.
    has_reason   boolean not null,
    reason       bytea,
    primary key (merchant, recorded_at, position, line)
);
create index audit_logs_newest on read.audit_logs (merchant, position desc, line desc);
create index audit_logs_customer on read.audit_logs (merchant, customer, position desc, line desc)
    where customer is not null;
-- People and their accounts are found by the index above: most rows are about them.
create index audit_logs_target on read.audit_logs (merchant, target_kind, target_id, position desc, line desc)
    where customer is null;

-- Points by merchant and day of book time (UTC): every day that has an entry.
create table read.books_days (
    merchant  uuid not null,
    day       date not null,
    issued    bigint not null,
    restored  bigint not null,
    redeemed  bigint not null,
    expired   bigint not null,
    reversed  bigint not null,
    forfeited bigint not null,
    primary key (merchant, day)
);

-- How far book time has come, and the currency in which the shop's orders are stated.
create table read.books_time (
    merchant uuid primary key,
    latest   timestamptz not null,
    currency text,
    position bigint not null
);

do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('read.audit_logs', by_range('recorded_at', interval '7 days'));
    end if;
end
$$;
