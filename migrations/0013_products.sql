-- Customers brought along from elsewhere, sales made offline, products. All of it can be dropped and filled again from the
-- journal.

-- Imports: what was handed in, how far it is, and what became of its rows. Nothing of what a file says about people.
create table read.customer_import_logs (
    merchant    uuid not null,
    import      uuid not null,
    upload      uuid not null,
    shard       smallint not null,
    source      text not null,
    dry_run     boolean not null,
    existing    text not null,
    rows        bigint not null,
    pieces      integer not null,
    next_piece  integer not null default 0,
    created     bigint not null default 0,
    updated     bigint not null default 0,
    unchanged   bigint not null default 0,
    rejected    bigint not null default 0,
    lots        bigint not null default 0,
    points      bigint not null default 0,
    opened_at   timestamptz not null,
    finished_at timestamptz,
    position    bigint not null,
    primary key (merchant, import)
);
-- The work list: imports that are not finished.
create index customer_import_logs_due on read.customer_import_logs (opened_at) where finished_at is null;
create index customer_import_logs_newest on read.customer_import_logs (merchant, opened_at desc, import desc);

-- Rows that were turned away: line, column and reason, never a value.
create table read.customer_import_rejections (
    merchant uuid not null,
    import   uuid not null,
    line     bigint not null,
    "column" text not null,
    reason   text not null,
    primary key (merchant, import, line)
);

-- Tier and referral link of another programme, as an import brought them along; the link sealed under the person's key.
alter table read.customers add column imported_tier text, add column imported_referral bytea;

-- Products as the shop states them, to be searched. `trigrams` are the three-letter pieces of everything a product is called,
-- made by the application: typing errors are forgiven on any PostgreSQL, with extensions or without.
create table read.products (
    merchant     uuid not null,
    product      text not null,
    title        text not null default '',
    vendor       text,
    product_type text,
    tags         text[] not null default '{}',
    collections  text[] not null default '{}',
    skus         text[] not null default '{}',
    status       text,
    deleted      boolean not null default false,
    updated_at   timestamptz,
    words        tsvector not null default ''::tsvector,
    trigrams     text[] not null default '{}',
    position     bigint not null,
    primary key (merchant, product)
);
create index products_words on read.products using gin (words);
create index products_trigrams on read.products using gin (trigrams);

-- Tills, and what each has sent. Sales themselves are orders.
create table read.pos_offline_queue (
    merchant            uuid not null,
    terminal            text not null,
    batches             bigint not null,
    accepted            bigint not null,
    duplicate           bigint not null,
    ignored             bigint not null,
    rejected            bigint not null,
    last_oldest_sold_at timestamptz,
    newest_sold_at      timestamptz,
    last_batch_at       timestamptz not null,
    position            bigint not null,
    primary key (merchant, terminal)
);
