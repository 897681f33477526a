-- Do the channels of every plan add up to All, each within its bounds, those without a curve where
-- they are, and no plan above the budget there is?
-- Grain: one row per scenario, most change and channel of which that is not so.
with

summed as (
    select
        scenario,
        most_change,
        sum(case when channel = 'All' then 0 else present_spend_base end) as present_of_channels,
        sum(case when channel = 'All' then 0 else planned_spend_base end) as planned_of_channels,
        count(case when channel <> 'All' then 1 end) as channels,
        max(case when channel = 'All' then present_spend_base end) as present,
        max(case when channel = 'All' then planned_spend_base end) as planned
    from build.mart_budget_plan
    group by scenario, most_change
),

known as (
    select count(*) as channels
    from build.mart_budget_response
),

wrong as (
    select
        plans.scenario,
        plans.most_change,
        plans.channel,
        plans.present_spend_base,
        plans.planned_spend_base,
        summed.present_of_channels,
        summed.planned_of_channels
    from build.mart_budget_plan as plans
    cross join known
    inner join summed
        on plans.scenario = summed.scenario and plans.most_change = summed.most_change
    left join build.mart_budget_response as response
        on plans.channel = response.channel
    where
        summed.present is distinct from summed.present_of_channels
        or summed.planned is distinct from summed.planned_of_channels
        or summed.channels <> known.channels
        or (
            plans.channel <> 'All'
            and (
                response.channel is null
                or plans.why_not is distinct from response.why_not
                or abs(plans.planned_spend_base - plans.present_spend_base)
                > plans.present_spend_base * plans.most_change / 100 + 0.01
                or (
                    plans.why_not is not null
                    and plans.planned_spend_base <> plans.present_spend_base
                )
            )
        )
        or (
            plans.channel = 'All'
            and plans.scenario in ('same budget', 'more 10 %', 'more 20 %')
            and plans.planned_spend_base > plans.present_spend_base
            * case plans.scenario
                when 'more 10 %' then 1.1
                when 'more 20 %' then 1.2
                else 1
            end
            + 0.01 * known.channels
        )
)

select * from wrong
