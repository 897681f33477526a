-- Rates and weights have ten places.
alter table ops.mart_changes alter column old_value type numeric(32, 10);
alter table ops.mart_changes alter column new_value type numeric(32, 10);
alter table ops.mart_changes alter column delta type numeric(32, 10);
