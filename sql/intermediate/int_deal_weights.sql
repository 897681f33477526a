-- Which part of a deal does each touch earn?
-- Grain: one row per deal won or open, model and touch that bears credit.
-- weight is the share in ten-thousandths of a millionth of the deal, by largest remainder: each
-- touch gets the whole parts it earned, and the parts left over go one each to the touches that
-- were cut short most, of equals to the earlier. So the weights of a deal sum to exactly 1. A touch
-- whose weight is 0 has no row; a deal without touch has one row, unattributed, of weight 1.
with

models as (
    select model
    from build.int_attribution_models
),

deals as (
    select opportunity_id
    from build.int_deals
    where is_won or not is_closed
),

summed as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        share,
        sum(share) over (partition by opportunity_id, model) as shares
    from build.int_deal_shares
),

-- A quotient as wide as this is sure to one part only; what it leaves tells which.
guessed as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        shares,
        share * 10000000000 as earned,
        cast(floor(
            cast(share as double precision) * 1e10 / cast(shares as double precision)
        ) as bigint) as parts
    from summed
),

left_over as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        shares,
        parts,
        earned - shares * parts as remainder
    from guessed
),

corrected as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        case
            when remainder < 0 then parts - 1
            when remainder >= shares then parts + 1
            else parts
        end as parts,
        case
            when remainder < 0 then remainder + shares
            when remainder >= shares then remainder - shares
            else remainder
        end as remainder
    from left_over
),

ranked as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        parts,
        10000000000 - sum(parts) over (
            partition by opportunity_id, model
            order by remainder desc, touch_number asc
            rows between unbounded preceding and unbounded following
        ) as missing_parts,
        row_number() over (
            partition by opportunity_id, model
            order by remainder desc, touch_number asc
        ) as remainder_rank
    from corrected
),

weighed as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        cast(
            (parts + case when remainder_rank <= missing_parts then 1 else 0 end) * 0.0000000001
            as numeric(12, 10)
        ) as weight
    from ranked
),

credited as (
    select distinct
        opportunity_id,
        model
    from build.int_deal_shares
),

weights as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        weight
    from weighed
    where weight > 0
    union all
    select
        deals.opportunity_id,
        models.model,
        'unattributed' as touchpoint_id,
        1 as touch_number,
        cast(1 as numeric(12, 10)) as weight
    from deals
    cross join models
    left join credited
        on
            deals.opportunity_id = credited.opportunity_id
            and models.model = credited.model
    where credited.opportunity_id is null
)

select * from weights
