-- Do the weights of each deal sum to exactly 1 in each model?
-- Grain: one row per deal and model whose weights do not.
with

wrong as (
    select
        opportunity_id,
        model,
        sum(weight) as weight
    from build.fct_attribution
    group by opportunity_id, model
    having sum(weight) <> 1
)

select * from wrong
