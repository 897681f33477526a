-- Is every staged response to a lead form a touch, or named as a test, as unmatched or as internal?
-- Grain: one row per response that is neither, or both, or a touch without a response.
with

responses as (
    select
        'lead_form:' || platform || '/' || account_id || '/' || response_id as touchpoint_id,
        coalesce(is_test, false) as is_test
    from staging.stg_lead_form_responses
),

touches as (
    select touchpoint_id
    from build.fct_touchpoints
    where evidence = 'lead_form'
),

named as (
    select
        touchpoint_id,
        outcome
    from build.int_lead_forms
),

wrong as (
    select
        coalesce(responses.touchpoint_id, touches.touchpoint_id) as touchpoint_id,
        named.outcome,
        touches.touchpoint_id is not null as is_touch
    from responses
    full outer join touches
        on responses.touchpoint_id = touches.touchpoint_id
    left join named
        on responses.touchpoint_id = named.touchpoint_id
    where
        responses.touchpoint_id is null
        or named.outcome is null
        or (named.outcome = 'test') <> responses.is_test
        or (named.outcome = 'touch') <> (touches.touchpoint_id is not null)
)

select * from wrong
