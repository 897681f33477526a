-- In which proportion do the touches of a deal share its credit?
-- Grain: one row per deal won or open, model and touch that bears credit.
-- share is a whole number in no unit: only its proportion to the deal's others in the model counts.
-- Positions are worth points; one touch may hold several. Touches that hold none of the model's
-- positions share the points of the others equally: to stay whole, positions count once for each of
-- them. A position that no touch holds has no points, so its part falls to those present.
-- time_decay halves a share every 30 days, counted back from the latest touch in the window: the
-- proportions are those to the window's end, and touches long before it lose no digits. Models that
-- learn share by the values of the channels; a channel's touches divide its value, which is first
-- multiplied by 5342931457063200: a number that every count up to 40 divides. Where no channel of a
-- deal has a value its touches share equally.
with

deals as (
    select opportunity_id
    from build.int_deals
    where is_won or not is_closed
),

touches as (
    select
        eligible.opportunity_id,
        eligible.touch_window,
        eligible.touchpoint_id,
        eligible.channel,
        eligible.touch_number,
        eligible.is_paid,
        eligible.is_by_lead,
        eligible.is_by_creation,
        eligible.is_by_close,
        eligible.touched_at
    from build.int_deal_touches as eligible
    inner join deals
        on eligible.opportunity_id = deals.opportunity_id
),

positions as (
    select
        opportunity_id,
        touch_window,
        count(*) as touches,
        max(touch_number) filter (where is_by_lead) as lead_number,
        max(touch_number) filter (where is_by_creation) as opportunity_number,
        max(touch_number) filter (where is_by_close) as close_number,
        min(touch_number) filter (where is_paid) as paid_number,
        min(touch_number) filter (where channel <> 'Direct') as non_direct_number,
        max(touched_at) as last_touched_at
    from touches
    group by opportunity_id, touch_window
),

-- Models of one touch: which touch it is.
chosen as (
    select
        positions.opportunity_id,
        positions.touch_window,
        models.model,
        case models.model
            when 'first_touch' then 1
            when 'last_touch' then positions.touches
            when 'first_paid_touch' then coalesce(positions.paid_number, 1)
            when 'first_non_direct_touch' then coalesce(positions.non_direct_number, 1)
            when 'lead_creation' then positions.lead_number
        end as touch_number
    from positions
    inner join build.int_attribution_models as models
        on positions.touch_window = models.touch_window
    where
        models.model in (
            'first_touch', 'last_touch', 'first_paid_touch', 'first_non_direct_touch',
            'lead_creation'
        )
),

chosen_shares as (
    select
        touches.opportunity_id,
        chosen.model,
        touches.touchpoint_id,
        touches.touch_number,
        cast(1 as numeric(38, 0)) as share
    from chosen
    inner join touches
        on
            chosen.opportunity_id = touches.opportunity_id
            and chosen.touch_window = touches.touch_window
            and chosen.touch_number = touches.touch_number
),

points as (
    select
        'u_shaped' as model,
        400 as first_points,
        400 as lead_points,
        0 as opportunity_points,
        0 as close_points,
        200 as other_points
    union all
    select
        'w_shaped' as model,
        300 as first_points,
        300 as lead_points,
        300 as opportunity_points,
        0 as close_points,
        100 as other_points
    union all
    select
        'full_path' as model,
        225 as first_points,
        225 as lead_points,
        225 as opportunity_points,
        225 as close_points,
        100 as other_points
),

-- A position that the model does not know, or that no touch holds, is at touch 0.
placed as (
    select
        positions.opportunity_id,
        positions.touch_window,
        points.model,
        positions.touches,
        coalesce(positions.lead_number, 0) as lead_number,
        case
            when points.opportunity_points > 0 then coalesce(positions.opportunity_number, 0)
            else 0
        end as opportunity_number,
        case
            when points.close_points > 0 then coalesce(positions.close_number, 0) else 0
        end as close_number,
        points.first_points,
        points.lead_points,
        points.opportunity_points,
        points.close_points,
        points.other_points
    from positions
    inner join build.int_attribution_models as models
        on positions.touch_window = models.touch_window
    inner join points
        on models.model = points.model
),

counted as (
    select
        opportunity_id,
        touch_window,
        model,
        lead_number,
        opportunity_number,
        close_number,
        first_points,
        lead_points,
        opportunity_points,
        close_points,
        other_points,
        touches
        - 1
        - case when lead_number > 1 then 1 else 0 end
        - case
            when opportunity_number > 1 and opportunity_number <> lead_number then 1 else 0
        end
        - case
            when
                close_number > 1
                and close_number <> lead_number
                and close_number <> opportunity_number
                then 1
            else 0
        end as others
    from placed
),

pointed as (
    select
        touches.opportunity_id,
        counted.model,
        touches.touchpoint_id,
        touches.touch_number,
        case when touches.touch_number = 1 then counted.first_points else 0 end
        + case
            when touches.touch_number = counted.lead_number then counted.lead_points else 0
        end
        + case
            when touches.touch_number = counted.opportunity_number
                then counted.opportunity_points
            else 0
        end
        + case
            when touches.touch_number = counted.close_number then counted.close_points else 0
        end as points,
        counted.other_points,
        greatest(counted.others, 1) as others
    from counted
    inner join touches
        on
            counted.opportunity_id = touches.opportunity_id
            and counted.touch_window = touches.touch_window
),

position_shares as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        cast(
            case when points > 0 then points * others else other_points end as numeric(38, 0)
        ) as share
    from pointed
),

-- Half-lives from touch to the latest one; after 60 less than the least share is left.
aged as (
    select
        touches.opportunity_id,
        models.model,
        touches.touchpoint_id,
        touches.touch_number,
        least(
            cast(
                cast(extract(epoch from positions.last_touched_at) as bigint)
                - cast(extract(epoch from touches.touched_at) as bigint)
                as double precision
            )
            / cast(2592000 as double precision),
            60
        ) as half_lives
    from touches
    inner join positions
        on
            touches.opportunity_id = positions.opportunity_id
            and touches.touch_window = positions.touch_window
    inner join build.int_attribution_models as models
        on touches.touch_window = models.touch_window
    where models.model in ('linear', 'time_decay')
),

even_and_fading_shares as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        cast(
            case
                when model = 'linear' then 1
                else greatest(floor(1e12 * power(cast(2 as double precision), -half_lives)), 1)
            end as numeric(38, 0)
        ) as share
    from aged
),

channels as (
    select
        opportunity_id,
        touch_window,
        channel,
        count(*) as touches
    from touches
    group by opportunity_id, touch_window, channel
),

channel_shares as (
    select
        channels.opportunity_id,
        channels.touch_window,
        channels.channel,
        models.model,
        coalesce(channel_values.value, 0) as value,
        sum(coalesce(channel_values.value, 0)) over (
            partition by channels.opportunity_id, models.model
        ) as values_of_deal,
        cast(
            floor(
                cast(5342931457063200 as double precision)
                / cast(channels.touches as double precision)
            ) as bigint
        ) as part_of_touch
    from channels
    inner join build.int_attribution_models as models
        on channels.touch_window = models.touch_window
    left join build.int_channel_values as channel_values
        on
            models.model = channel_values.model
            and channels.channel = channel_values.channel
    where models.model in ('markov', 'shapley')
),

learned_shares as (
    select
        touches.opportunity_id,
        channel_shares.model,
        touches.touchpoint_id,
        touches.touch_number,
        case
            when channel_shares.values_of_deal = 0 then cast(1 as numeric(38, 0))
            else cast(channel_shares.value as numeric(38, 0)) * channel_shares.part_of_touch
        end as share
    from channel_shares
    inner join touches
        on
            channel_shares.opportunity_id = touches.opportunity_id
            and channel_shares.touch_window = touches.touch_window
            and channel_shares.channel = touches.channel
    where channel_shares.value > 0 or channel_shares.values_of_deal = 0
),

shares as (
    select * from chosen_shares
    union all
    select * from learned_shares
    union all
    select * from position_shares
    union all
    select * from even_and_fading_shares
)

select * from shares
