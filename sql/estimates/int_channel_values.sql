-- What is each channel worth to the models that learn: which paths did closed deals take?
-- Grain: one row per model and path; include/estimates makes of them one row per model and channel.
-- New business alone, won and lost. A path is the channels of the deal's eligible touches in order,
-- consecutive repeats told once. Deals without an eligible touch teach nothing.
with

models as (
    select
        model,
        touch_window
    from build.int_attribution_models
    where model in ('markov', 'shapley')
),

deals as (
    select
        opportunity_id,
        is_won
    from build.int_deals
    where is_closed and type_group = 'new_business'
),

touches as (
    select
        touches.opportunity_id,
        touches.touch_window,
        touches.channel,
        lag(touches.channel) over (
            partition by touches.opportunity_id, touches.touch_window
            order by touches.touch_number
        ) as channel_before,
        touches.touch_number,
        deals.is_won
    from build.int_deal_touches as touches
    inner join deals
        on touches.opportunity_id = deals.opportunity_id
    where touches.touch_window in (select models.touch_window from models)
),

paths as (
    select
        opportunity_id,
        touch_window,
        string_agg(channel, ' > ' order by touch_number) as path,
        bool_or(is_won) as is_won
    from touches
    where channel is distinct from channel_before
    group by opportunity_id, touch_window
),

counted as (
    select
        models.model,
        paths.path,
        count(*) filter (where paths.is_won) as won_deals,
        count(*) filter (where not paths.is_won) as lost_deals
    from paths
    inner join models
        on paths.touch_window = models.touch_window
    group by models.model, paths.path
)

select * from counted
