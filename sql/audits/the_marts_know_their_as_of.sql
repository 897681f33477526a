-- Is there one row of settings, and an instant for which the marts speak?
-- Grain: one row if there is not.
with

settings as (
    select
        count(*) as settings_rows,
        count(as_of_at) as instants
    from build.int_as_of
),

wrong as (
    select
        settings_rows,
        instants
    from settings
    where settings_rows <> 1 or instants <> 1
)

select * from wrong
