-- Whose turn it is to renew the token of a shop's own API. Not a read model: it says nothing that the journal knows, and
-- losing it costs a renewal. Times are the database's.
create table work.token_renewals (
    merchant uuid primary key,
    holder   uuid not null,
    until    timestamptz not null
);

-- Friends who were named by an e-mail address that nobody is known by yet: through whose link they came, and since when. The
-- address is a keyed hash, the same as in `blind_index`; it is gone once somebody of that address orders, is forgotten, or the
-- time is over.
create table vault.named_friends (
    merchant      uuid not null,
    lookup        bytea not null check (octet_length(lookup) = 32),
    link          uuid not null,
    named_at_us   bigint not null,
    expires_at_us bigint not null,
    primary key (merchant, lookup)
);
create index named_friends_link on vault.named_friends (merchant, link);
create index named_friends_expiry on vault.named_friends (expires_at_us);
