-- Which build are these marts of, how far were the books then, and when do they begin?
-- Grain: one row. In a PostgreSQL warehouse the books go on while the marts stand.
with

build as (
    select
        info.run_id,
        begun.first_month,
        info.publish_number,
        (select max(version) from ops.staging_version) as staging_version,
        (select count(*) from ops.holds) as holds,
        (select max(decided_at) from ops.holds) as decided_at,
        info.as_of_at,
        info.published_at
    from marts.build_info as info
    cross join shared.begun as begun
)

select * from build
