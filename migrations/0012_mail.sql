-- Badges, leaderboards and e-mail. All of it can be dropped and filled again from the journal.

-- One row per badge that somebody has.
create table read.badges (
    merchant        uuid not null,
    customer        uuid not null,
    badge           text not null,
    -- `ever`, a month such as `2026-11`, or a year.
    period          text not null,
    cause           text not null,
    points          bigint not null,
    program_version bigint not null,
    reason          bytea,
    awarded_at      timestamptz not null,
    position        bigint not null,
    primary key (merchant, customer, badge, period)
);

-- Shops that have badges, and since which commit by these definitions.
create table read.badge_programs (
    merchant   uuid primary key,
    has_badges boolean not null,
    position   bigint not null
);

-- Net points earned, by week (`2026-W47`), by month (`2026-11`) and `all_time`.
create table read.leaderboard_scores (
    merchant uuid not null,
    board    text not null,
    customer uuid not null,
    points   bigint not null,
    position bigint not null,
    primary key (merchant, board, customer)
) with (fillfactor = 80);
create index leaderboard_scores_best on read.leaderboard_scores (merchant, board, points desc, customer);
create index leaderboard_scores_of_customer on read.leaderboard_scores (merchant, customer);

-- By whose calendar weeks and months are.
create table read.leaderboard_shops (
    merchant  uuid primary key,
    time_zone text not null
);

-- Who is not shown, for whichever reason.
create table read.leaderboard_apart (
    merchant   uuid not null,
    customer   uuid not null,
    opted_out  boolean not null default false,
    restricted boolean not null default false,
    gone       boolean not null default false,
    primary key (merchant, customer)
);

-- Leaderboards by orders of a week or month.
create index rfm_orders_when on read.rfm_orders (merchant, processed_at) where net_minor > 0;

-- How far each mail has come: no address, no words.
create table read.email_events (
    merchant         uuid not null,
    mail             uuid not null,
    customer         uuid not null,
    kind             text not null,
    outcome          text not null,
    reason           text,
    language         text,
    template_version bigint,
    attempt          integer not null,
    first_at         timestamptz not null,
    at               timestamptz not null,
    position         bigint not null,
    primary key (merchant, mail)
) with (fillfactor = 80);
create index email_events_newest on read.email_events (merchant, position desc);
create index email_events_handed_over on read.email_events (merchant, at)
    where outcome in ('sent', 'unknown', 'handing_over');

-- Shops that send any mail.
create table read.mail_shops (
    merchant uuid primary key,
    sends    boolean not null
);

-- Points that were earned lately lead to mails.
create index points_transactions_earned on read.points_transactions (merchant, position) where type = 'earn';
