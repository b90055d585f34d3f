-- Tiers that somebody was given, by staff or by an import. Can be dropped and filled again from the journal.
create table read.tier_gifts (
    merchant uuid not null,
    -- Of the commit that gave it.
    given_in bigint not null,
    customer uuid not null,
    tier     text not null,
    -- `hand` or `import`.
    giver    text not null,
    given_at timestamptz not null,
    until    timestamptz,
    -- When it was taken back, or another one took its place.
    ended_at timestamptz,
    -- Of the last commit that says something of it.
    position bigint not null,
    primary key (merchant, given_in)
);
create index tier_gifts_of_customer on read.tier_gifts (merchant, customer);
create index tier_gifts_newest on read.tier_gifts (position);
