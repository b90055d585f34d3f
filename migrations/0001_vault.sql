-- The vault: people's keys, and the tables that may name an outside identity, because they can be erased.
--
-- Not a read model: nothing here can be rebuilt from the journal, so it has backups of its own.
-- No key that opens anything stands here. People's keys are wrapped by the key of a bucket, items' keys by the key
-- of their day, and both of those live only in the root key store, a file outside the database and its backups.
-- Outside identities (shop customer ids, order ids, e-mail addresses …) stand here only as keyed hashes, `lookup`.
-- Times end in `_us`: microseconds since 1970-01-01 UTC, as everywhere in the product.

create schema vault;

-- Which root key store this database was filled under. Another one would open nothing in it.
create table vault.root_store (
    only_row boolean primary key default true check (only_row),
    store    uuid not null
);

-- Groups of people whose keys are wrapped by one bucket key. No key bytes.
create table vault.bucket (
    bucket     uuid primary key,
    merchant   uuid not null,
    -- Under which generation of the bucket's key new people are wrapped. A rotation moves on to the next one; the
    -- store keeps the one before until no row of person_keys names it.
    generation integer not null check (generation > 0),
    -- How many people were ever put in. Bounds what a rotation has to wrap again.
    people     integer not null default 0 check (people >= 0)
);
create index bucket_merchant on vault.bucket (merchant);

-- A person's data key and link key, wrapped together. No row: never made. A tombstone has no key, and stays.
create table vault.person_keys (
    person          uuid primary key,
    merchant        uuid not null,
    -- 'held': under a legal hold; the keys work and may not be destroyed.
    state           text not null default 'active' check (state in ('active', 'held', 'destroyed')),
    bucket          uuid,
    generation      integer,
    wrapped         bytea,
    destroyed_at_us bigint,
    check ((state = 'destroyed') = (destroyed_at_us is not null)),
    check ((state = 'destroyed') = (wrapped is null)),
    check ((wrapped is null) = (bucket is null) and (wrapped is null) = (generation is null))
);
-- Rotation walks a bucket, and drops a generation's key when nobody is left under it.
create index person_keys_bucket on vault.person_keys (bucket, generation);

-- Outside identity → subject; whoever comes first. An erased subject leaves the hash and the date; a new subject may
-- then take the place, and the date remains.
create table vault.directory (
    merchant     uuid not null,
    kind         text not null,
    lookup       bytea not null check (octet_length(lookup) = 32),
    subject      uuid,
    erased_at_us bigint,
    primary key (merchant, kind, lookup),
    check (subject is not null or erased_at_us is not null)
);
create index directory_subject on vault.directory (subject);

-- Order → the account its facts go to; whoever claims it first. Neither account nor erased: facts wait for an owner.
create table vault.order_owner (
    merchant     uuid not null,
    lookup       bytea not null check (octet_length(lookup) = 32),
    account      uuid,
    -- The order waited before it had an owner, and nobody has said yet that what waited has been applied.
    waited       boolean not null default false,
    erased_at_us bigint,
    primary key (merchant, lookup),
    check (account is null or erased_at_us is null)
);
create index order_owner_account on vault.order_owner (account);

-- Keys of what belongs to no person yet. Wrapped under their day of expiry and their merchant's key, both needed.
create table vault.item_keys (
    item          uuid primary key,
    merchant      uuid not null,
    purpose       text not null,
    day           integer not null,
    generation    integer not null,
    wrapped       bytea not null,
    expires_at_us bigint not null
);
create index item_keys_expiry on vault.item_keys (expires_at_us);

-- Which sealed facts of the journal wait for an order. `position` is unknown until the fact has been published.
create table vault.waiting_items (
    item     uuid primary key references vault.item_keys (item) on delete cascade,
    merchant uuid not null,
    lookup   bytea not null check (octet_length(lookup) = 32),
    position bigint
);
create index waiting_items_order on vault.waiting_items (merchant, lookup);

-- What people can be searched by while their profiles stay sealed. Many to many.
create table vault.blind_index (
    merchant uuid not null,
    kind     text not null,
    lookup   bytea not null check (octet_length(lookup) = 32),
    subject  uuid not null,
    primary key (merchant, kind, lookup, subject)
);
create index blind_index_subject on vault.blind_index (subject);
