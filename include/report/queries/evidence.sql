-- How much of the leads and of the won revenue chosen rests on weak evidence, or on none?
-- Grain: one row; none where there is neither a lead nor a deal won.
-- Of the touch that is credited: weak where the CRM's lead source, a referring site or a visit
-- without any tag is all that tells where somebody came from (match_confidence under one half);
-- none where no touch is known. Leads stand with their first touch, revenue as the chosen model
-- credits it. How sure a rule is, is the rule's own, so people are told by the rule that tied their
-- first touch. A share is NULL where an amount lacks a rate.
with

weak_methods as (
    select match_method
    from marts.fct_touchpoints
    group by match_method
    having max(match_confidence) < 0.5
),

weak_touches as (
    select touchpoint_id
    from marts.fct_touchpoints
    where match_confidence < 0.5
),

leads as (
    select
        count(*) as leads,
        count(weak_methods.match_method) as weak_leads,
        count(*) filter (where people.first_touchpoint_id is null) as untouched_leads
    from shared.people as people
    left join weak_methods
        on people.first_touch_match_method = weak_methods.match_method
),

won as (
    select
        count(*) as credits,
        case
            when count(*) = count(credited.credited_amount) then sum(credited.credited_amount)
        end as won_revenue,
        coalesce(
            sum(credited.credited_amount) filter (where weak_touches.touchpoint_id is not null), 0
        ) as weak_won_revenue,
        coalesce(
            sum(credited.credited_amount) filter (where credited.touchpoint_id = 'unattributed'), 0
        ) as untouched_won_revenue
    from shared.credited as credited
    left join weak_touches
        on credited.touchpoint_id = weak_touches.touchpoint_id
    where
        credited.model = :model
        and credited.basis = 'won'
        and credited.cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

shares as (
    select
        cast(
            cast(
                cast(leads.weak_leads as numeric(20, 6)) / nullif(leads.leads, 0)
                as numeric(24, 10)
            ) as numeric(20, 6
            )
        ) as weak_leads_share,
        cast(
            cast(
                cast(leads.untouched_leads as numeric(20, 6)) / nullif(leads.leads, 0)
                as numeric(24, 10)
            ) as numeric(20, 6
            )
        ) as untouched_leads_share,
        cast(
            cast(
                cast(won.weak_won_revenue as numeric(20, 6)) / nullif(won.won_revenue, 0)
                as numeric(24, 10)
            ) as numeric(20, 6
            )
        ) as weak_won_revenue_share,
        cast(
            cast(
                cast(won.untouched_won_revenue as numeric(20, 6)) / nullif(won.won_revenue, 0)
                as numeric(24, 10)
            ) as numeric(20, 6
            )
        ) as untouched_won_revenue_share
    from leads
    cross join won
    where leads.leads > 0 or won.credits > 0
)

select * from shares
