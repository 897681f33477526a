-- Do the weights of each deal sum to exactly 1 in each model, each of them above 0, and is a deal
-- unattributed only as a whole?
-- Grain: one row per deal and model whose weights do not.
with

wrong as (
    select
        opportunity_id,
        model,
        sum(weight) as weight
    from build.fct_attribution
    group by opportunity_id, model
    having
        sum(weight) <> 1
        or min(weight) <= 0
        or (count(*) > 1 and bool_or(touchpoint_id = 'unattributed'))
)

select * from wrong
