-- Keys that can be destroyed: what a destruction leaves behind, and what it still has to do.

-- A tombstone remembers which key the destroyed keys hung from: until the root key store has forgotten that one, copies of
-- the row from before still open.
alter table vault.person_keys
    add column hung_bucket     uuid,
    add column hung_generation integer,
    add check ((hung_bucket is null) = (hung_generation is null)),
    add check (hung_bucket is null or state = 'destroyed');
-- Few, and asked for before a whole merchant is destroyed.
create index person_keys_held on vault.person_keys (merchant) where state = 'held';

-- Generations of bucket keys that are to be forgotten once everybody living has moved to the next one. A row goes when the
-- root key store has forgotten its key.
create table vault.rotation (
    bucket     uuid not null,
    generation integer not null check (generation > 0),
    merchant   uuid not null,
    primary key (bucket, generation)
);

-- Under which generation of the merchant's key the other half of an item's wrapping was derived.
alter table vault.item_keys add column merchant_generation integer not null default 1 check (merchant_generation > 0);
create index item_keys_merchant on vault.item_keys (merchant);

-- Tombstones, by age: they go after their time.
create index directory_erased on vault.directory (erased_at_us) where erased_at_us is not null;
create index order_owner_erased on vault.order_owner (erased_at_us) where erased_at_us is not null;

-- Up to where this database is known to have carried out the deletion journal. A database that was restored from before says
-- an older place, and what came after is carried out again.
create table vault.deletions (
    only_row boolean primary key default true check (only_row),
    sequence bigint not null check (sequence >= 0),
    hash     bytea not null check (octet_length(hash) = 32)
);
