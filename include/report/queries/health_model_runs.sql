-- What did building each model take in the last run that built any?
-- Grain: one row per model, the slowest first.
with

last_run as (
    select max(lease_token) as lease_token
    from ops.model_runs
),

runs as (
    select
        model_runs.model_name,
        model_runs.run_id,
        model_runs.rows_built,
        model_runs.seconds,
        model_runs.began_at
    from ops.model_runs as model_runs
    inner join last_run
        on model_runs.lease_token = last_run.lease_token
    order by model_runs.seconds desc, model_runs.model_name asc
)

select * from runs
