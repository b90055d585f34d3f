-- Referrals. All of it can be dropped and filled again from the journal.

-- One row per friend who was brought. `customer` is the friend by now, `advocate` who brought them, both after merges;
-- `referral` is the friend's id when they came.
create table read.referrals (
    merchant           uuid not null,
    referral           uuid not null,
    customer           uuid not null,
    advocate           uuid not null,
    link               uuid not null,
    source             text not null,
    status             text not null,
    cause              text,
    -- No later fact changes it; the merchant may.
    closed             boolean not null default false,
    signals            text[] not null default '{}',
    program_version    bigint not null,
    identified_at      timestamptz not null,
    order_by           timestamptz not null,
    order_token        bytea,
    order_processed_at timestamptz,
    hold_until         timestamptz,
    -- What was paid and has not gone back.
    advocate_points    bigint not null default 0,
    friend_points      bigint not null default 0,
    paid_at            timestamptz,
    -- When time next changes something; what of the log concerns it, and up to where that was looked at.
    due_at             timestamptz,
    touched            bigint not null,
    considered         bigint not null default 0,
    position           bigint not null,
    primary key (merchant, referral)
) with (fillfactor = 80);
create index referrals_newest on read.referrals (merchant, identified_at desc, referral desc);
create index referrals_of_friend on read.referrals (merchant, customer);
create index referrals_of_advocate on read.referrals (merchant, advocate, identified_at desc);
create index referrals_due on read.referrals (due_at) where due_at is not null;
create index referrals_touched on read.referrals (touched) where touched > considered;

-- Links of customers. The code is made from the link's id with the merchant's key and stored nowhere.
create table read.referral_links (
    merchant   uuid not null,
    link       uuid not null,
    customer   uuid not null,
    issued_at  timestamptz not null,
    expires_at timestamptz,
    -- Their owner was forgotten.
    ended      boolean not null default false,
    clicks     bigint not null default 0,
    position   bigint not null,
    primary key (merchant, link)
) with (fillfactor = 80);
create index referral_links_of_customer on read.referral_links (merchant, customer);
