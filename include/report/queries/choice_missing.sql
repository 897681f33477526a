-- How many days does each source lack in the whole build?
-- Grain: one row per source with a day missing.
with

missing as (
    select
        source,
        count(*) as days
    from marts.mart_data_health
    where status = 'missing'
    group by source
    order by source
)

select * from missing
