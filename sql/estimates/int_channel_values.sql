-- What is each channel worth to the models that learn: how did closed deals go from channel to
-- channel, and which channels touched them?
-- Grain: for markov one row per step that deals took: channel NULL is the start, next_channel NULL
-- the outcome. For shapley one row per set of channels that touched deals. include/estimates makes
-- of them one row per model and channel.
-- New business alone, won and lost. A deal's channels are those of its eligible touches in order,
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

touches as materialized (
    select
        touches.opportunity_id,
        touches.touch_window,
        touches.channel,
        lag(touches.channel) over in_order as channel_before,
        deals.is_won,
        lead(touches.channel) over in_order is null as is_last
    from build.int_deal_touches as touches
    inner join deals
        on touches.opportunity_id = deals.opportunity_id
    where touches.touch_window in (select models.touch_window from models)
    window
        in_order as (
            partition by touches.opportunity_id, touches.touch_window
            order by touches.touch_number
        )
),

steps as (
    select
        touch_window,
        channel_before as channel,
        channel as next_channel,
        count(*) filter (where is_won) as won_deals,
        count(*) filter (where not is_won) as lost_deals
    from touches
    where channel is distinct from channel_before
    group by touch_window, channel_before, channel
    union all
    select
        touch_window,
        channel,
        null as next_channel,
        count(*) filter (where is_won) as won_deals,
        count(*) filter (where not is_won) as lost_deals
    from touches
    where is_last
    group by touch_window, channel
),

-- A set of channels is a number, each of its channels a bit.
bits as (
    select
        channel,
        cast(1 as bigint)
        << cast(row_number() over (order by channel collate "C") - 1 as integer) as channel_bit
    from (select distinct steps.next_channel as channel from steps) as channels
    where channel is not null
),

deal_sets as (
    select
        touches.touch_window,
        touches.is_won,
        bit_or(bits.channel_bit) as channel_bits
    from touches
    inner join bits
        on touches.channel = bits.channel
    group by touches.opportunity_id, touches.touch_window, touches.is_won
),

sets as (
    select
        touch_window,
        channel_bits,
        count(*) filter (where is_won) as won_deals,
        count(*) filter (where not is_won) as lost_deals
    from deal_sets
    group by touch_window, channel_bits
),

named_sets as (
    select
        sets.touch_window,
        string_agg(bits.channel, ' > ' order by bits.channel_bit) as channels,
        sets.won_deals,
        sets.lost_deals
    from sets
    inner join bits
        on (sets.channel_bits & bits.channel_bit) = bits.channel_bit
    group by sets.touch_window, sets.channel_bits, sets.won_deals, sets.lost_deals
),

learned_from as (
    select
        models.model,
        steps.channel,
        steps.next_channel,
        null as channels,
        steps.won_deals,
        steps.lost_deals
    from models
    inner join steps
        on models.touch_window = steps.touch_window
    where models.model = 'markov'
    union all
    select
        models.model,
        null as channel,
        null as next_channel,
        named_sets.channels,
        named_sets.won_deals,
        named_sets.lost_deals
    from models
    inner join named_sets
        on models.touch_window = named_sets.touch_window
    where models.model = 'shapley'
)

select * from learned_from
