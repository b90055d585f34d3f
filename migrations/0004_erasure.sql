-- People and shops that are forgotten, in the read models.

-- A row of somebody erased keeps its numbers and dates; what was sealed for them goes.
alter table read.customers
    alter column profile drop not null,
    add column restricted           boolean not null default false,
    add column objects_to_profiling boolean not null default false,
    add column erased_at            timestamptz,
    drop constraint customers_state_check,
    -- 'erasing' from the fence on: nothing is shown or accepted any more, and the keys are on their way out.
    add constraint customers_state_check check (state in ('member', 'merged', 'erasing', 'erased')),
    add constraint customers_erased check ((state = 'erased') = (erased_at is not null));

alter table read.gdpr_requests
    add column source           text not null default 'shop',
    -- Not executed before.
    add column rests_until      timestamptz,
    add column outcome          text,
    add column closed_at        timestamptz,
    -- The entry of the deletion journal by which keys were destroyed.
    add column deletion         bigint;
alter table read.gdpr_requests alter column source drop default;
-- What is still to be done: policies look here, and so do warnings.
create index gdpr_requests_open on read.gdpr_requests (merchant, due_at)
    where state in ('received', 'verified', 'held', 'executing');
create index gdpr_requests_customer on read.gdpr_requests (merchant, customer) where customer is not null;
create index gdpr_requests_deletion on read.gdpr_requests (deletion) where deletion is not null;
