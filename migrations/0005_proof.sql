-- The transparency log: Merkle trees over the journal's commits, and the checkpoints that were signed over them.
--
-- `tree` and `hash` follow the journal like read models and can be filled again from it, except those of the top log.
-- `checkpoint` and the top log's hashes cannot be made anew: they say what was signed and given out, and when.
-- Nothing here tells of a person: leaves are hashes of commits, whose personal parts are ciphertext.
--
-- A tree is named by its merchant; the installation's own commits have the nil UUID, and the top log, whose leaves are the
-- merchants' checkpoints, the UUID of nothing but ones.

create schema proof;

-- How large a tree is, and the roots of the complete subtrees at its edge, 32 bytes each, the largest first.
create table proof.tree (
    tree      uuid primary key,
    size      bigint not null check (size >= 0),
    frontier  bytea not null,
    -- In the installation's own tree: how often a restored or replaced log was adopted. Each adoption begins new trees.
    adoptions integer not null default 0 check (adoptions >= 0)
);

-- The hashes of C2SP tiles, one row each, never changed: level 0 has the leaves, level 1 the roots of 256 leaves each, and
-- so on. A tile is 256 neighbouring rows.
create table proof.hash (
    tree     uuid not null,
    level    smallint not null,
    number   bigint not null,
    hash     bytea not null check (octet_length(hash) = 32),
    -- Where in the journal the commit of a leaf stands.
    position bigint,
    primary key (tree, level, number)
);
create unique index hash_position on proof.hash (position) where position is not null;

-- What was signed. `origin` names tree and epoch; within one origin a larger tree always continues a smaller one.
create table proof.checkpoint (
    tree      uuid not null,
    origin    text not null,
    size      bigint not null check (size > 0),
    note      text not null,
    -- Which leaf of the top log it is; the top log's own checkpoints are none.
    entry     bigint,
    signed_at timestamptz not null,
    primary key (tree, origin, size)
);
create unique index checkpoint_entry on proof.checkpoint (entry) where entry is not null;
