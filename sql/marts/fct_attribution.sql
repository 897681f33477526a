-- Which touch gets which credit for each deal, by each model?
-- Grain: one row per deal, touch and model.
-- Deals won and deals open bear credit, apart; deals lost bear none. A deal without an eligible
-- touch is credited to touchpoint unattributed. Renewals and expansions are credited like new
-- business, and told apart by type_group. Amounts are shared to the cent by largest remainder: each
-- touch gets the whole cents of its weight, and the cents left over go one each to the touches that
-- were cut short most, of equals to the earlier. So the amounts of a deal sum to its own.
with

deals as (
    select
        opportunity_id,
        case when is_won then 'won' else 'open' end as basis,
        type_group,
        currency_code,
        close_date,
        fx_rate_date,
        cohort_month,
        fx_rate,
        cast(cast(abs(amount) as numeric(28, 2)) * 100 as bigint) as cents,
        cast(cast(abs(amount_base) as numeric(28, 2)) * 100 as bigint) as cents_base,
        case when amount < 0 then -1 else 1 end as direction
    from build.fct_opportunities
    where is_won or not is_closed
),

earned as (
    select
        weights.opportunity_id,
        weights.model,
        weights.touchpoint_id,
        weights.touch_number,
        weights.weight,
        deals.cents,
        deals.cents_base,
        cast(deals.cents as numeric(28, 0)) * weights.weight as earned_cents,
        cast(deals.cents_base as numeric(28, 0)) * weights.weight as earned_cents_base
    from build.int_deal_weights as weights
    inner join deals
        on weights.opportunity_id = deals.opportunity_id
),

floored as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        weight,
        cents,
        cents_base,
        earned_cents,
        earned_cents_base,
        floor(earned_cents) as whole_cents,
        floor(earned_cents_base) as whole_cents_base
    from earned
),

split as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        touch_number,
        weight,
        cents,
        cents_base,
        cast(whole_cents as bigint) as whole_cents,
        cast(earned_cents - whole_cents as numeric(12, 10)) as remainder,
        cast(whole_cents_base as bigint) as whole_cents_base,
        cast(earned_cents_base - whole_cents_base as numeric(12, 10)) as remainder_base
    from floored
),

ranked as (
    select
        opportunity_id,
        model,
        touchpoint_id,
        weight,
        whole_cents,
        cents - sum(whole_cents) over (
            partition by opportunity_id, model
            order by remainder desc, touch_number asc
            rows between unbounded preceding and unbounded following
        ) as missing_cents,
        row_number() over (
            partition by opportunity_id, model
            order by remainder desc, touch_number asc
        ) as cents_rank,
        whole_cents_base,
        cents_base - sum(whole_cents_base) over (
            partition by opportunity_id, model
            order by remainder_base desc, touch_number asc
            rows between unbounded preceding and unbounded following
        ) as missing_cents_base,
        row_number() over (
            partition by opportunity_id, model
            order by remainder_base desc, touch_number asc
        ) as cents_base_rank
    from split
),

credits as (
    select
        ranked.opportunity_id,
        ranked.touchpoint_id,
        touches.person_id,
        touches.platform,
        touches.account_id,
        touches.campaign_id,
        touches.crm_campaign_id,
        ranked.model,
        deals.basis,
        coalesce(touches.channel, 'Unattributed') as channel,
        deals.type_group,
        deals.currency_code,
        deals.close_date,
        deals.fx_rate_date,
        deals.cohort_month,
        cast(
            deals.direction * 0.01 * (
                ranked.whole_cents
                + case when ranked.cents_rank <= ranked.missing_cents then 1 else 0 end
            ) as numeric(18, 2)
        ) as amount,
        cast(
            deals.direction * 0.01 * (
                ranked.whole_cents_base
                + case when ranked.cents_base_rank <= ranked.missing_cents_base then 1 else 0 end
            ) as numeric(18, 2)
        ) as amount_base,
        deals.fx_rate,
        ranked.weight,
        touches.match_confidence,
        touches.touched_at
    from ranked
    inner join deals
        on ranked.opportunity_id = deals.opportunity_id
    left join build.fct_touchpoints as touches
        on ranked.touchpoint_id = touches.touchpoint_id
)

select * from credits
