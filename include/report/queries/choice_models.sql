-- Which models of attribution share out credit here?
-- Grain: one row per model, the headline first.
with

known as (
    select distinct model
    from marts.mart_returns_by_model_monthly
),

models as (
    select model
    from known
    order by case when model = 'first_touch' then 0 else 1 end asc, model asc
)

select * from models
