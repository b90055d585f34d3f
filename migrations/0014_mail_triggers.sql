-- Mails about tiers and rewards, invitations of friends, and badges for friends and birthdays.

-- Whom an advocate has invited, by keyed hash of the address: each once, and only so many in a day. Ends with the advocate, and
-- with a customer who has the address.
create table vault.invitations (
    merchant      uuid not null,
    advocate      uuid not null,
    lookup        bytea not null check (octet_length(lookup) = 32),
    -- What the mail is known by.
    invitation    uuid not null,
    invited_at_us bigint not null,
    primary key (merchant, advocate, lookup)
);
create index invitations_of_advocate on vault.invitations (advocate, invited_at_us);
create index invitations_to_address on vault.invitations (merchant, lookup);

-- Addresses of people who are no customers and want no invitations.
create table vault.unwanted_mail (
    merchant uuid not null,
    lookup   bytea not null check (octet_length(lookup) = 32),
    at_us    bigint not null,
    primary key (merchant, lookup)
);

-- Tiers that were reached lately, and rewards that were made lately, lead to mails.
create index tier_history_newest on read.tier_history (merchant, position);
create index queue_tasks_made on read.queue_tasks (merchant, position)
    where kind = 'reward.make' and state = 'completed';

-- Friends who were brought lead to badges.
create index referrals_completed on read.referrals (position) where status = 'completed';

-- Shops that have a badge for birthdays.
alter table read.badge_programs add column has_birthdays boolean not null default false;
