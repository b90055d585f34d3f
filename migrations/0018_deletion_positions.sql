-- Where in the log an entry of the deletion journal is named: what an imported history names is an entry of the journal of the
-- installation that it comes from, and nothing is missing here for not being in this one's.
alter table read.gdpr_requests add column deletion_position bigint;
