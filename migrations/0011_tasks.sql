-- The task queue.

-- Tasks as the journal has them: the work list of the workers, and what operators look at. A row is never deleted before its
-- shop is: that a business key was used is known here for ever.
create table read.queue_tasks (
    merchant       uuid not null,
    task           uuid not null,
    kind           text not null,
    state          text not null check (state in ('open', 'completed', 'dead', 'discarded')),
    priority       text not null,
    customer       uuid,
    -- Ids and numbers; or sealed under the key of whom the task is about.
    payload        bytea,
    sealed_payload bytea,
    attempts       integer not null,
    -- Why the last attempt failed, or what came of the task; nothing of a person.
    last_reason    text,
    note           text,
    created_at     timestamptz not null,
    -- When it is tried next: by the merchant's clock, and by ours. Merchants' clocks differ only where they are tested.
    next_at        timestamptz not null,
    due_at         timestamptz not null,
    -- Due tasks are taken in this order: `due_at` with the priority's head start.
    rank           timestamptz not null,
    ended_at       timestamptz,
    -- What led to it, as in the audit log.
    request        uuid not null,
    created_position bigint not null,
    -- Of the last commit about it.
    position       bigint not null,
    primary key (merchant, task)
) with (fillfactor = 80);
create index queue_tasks_due on read.queue_tasks (rank) where state = 'open';
create index queue_tasks_newest on read.queue_tasks (merchant, created_position desc);
create index queue_tasks_dead on read.queue_tasks (merchant, created_position desc) where state = 'dead';
create index queue_tasks_customer on read.queue_tasks (merchant, customer) where customer is not null;

-- How far merchants' clocks are ahead of ours; only those that were ever moved.
create table read.queue_clocks (
    merchant     uuid primary key,
    ahead_micros bigint not null
);

-- Who works on what at this moment. Not a read model: it says nothing that the journal knows, and losing it costs a second
-- look at a task and nothing else. Times are the database's, which is the one clock that all workers share.
create schema work;
create table work.task_leases (
    merchant uuid not null,
    task     uuid not null,
    worker   uuid not null,
    until    timestamptz not null,
    primary key (merchant, task)
);
create index task_leases_ended on work.task_leases (until);

-- The catalogue of rewards.
create table read.rewards (
    merchant   uuid not null,
    reward     uuid not null,
    -- Where it was made: the order of the list.
    position   bigint not null,
    version    integer not null,
    retired    boolean not null,
    -- As JSON.
    definition text not null,
    taken      integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (merchant, reward)
);
create index rewards_oldest on read.rewards (merchant, position);
