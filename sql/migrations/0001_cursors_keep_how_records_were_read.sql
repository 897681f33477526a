-- A cursor without its reading does not count: the next load reads every CRM record anew.
alter table ops.load_ledger add column if not exists reading text collate "C";
alter table ops.load_ledger add column if not exists whole_as_of_at timestamptz;
