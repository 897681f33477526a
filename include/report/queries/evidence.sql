-- How much of the leads and of the won revenue chosen rests on weak evidence, or on none?
-- Grain: one row; none where there is neither a lead nor a deal won.
-- Of the touch that is credited: weak where the CRM's lead source, a referring site or a visit
-- without any tag is all that tells where somebody came from (match_confidence under one half);
-- none where no touch is known. Leads stand with their first touch, revenue as the chosen model
-- credits it. A share is NULL where an amount lacks a rate.
with

leads as (
    select
        count(*) as leads,
        count(*) filter (where first_touch_match_confidence < 0.5) as weak_leads,
        count(*) filter (where first_touchpoint_id is null) as untouched_leads
    from shared.people
),

won as (
    select
        count(*) as credits,
        case when count(*) = count(credited_amount) then sum(credited_amount) end as won_revenue,
        coalesce(
            sum(credited_amount) filter (where match_confidence < 0.5), 0
        ) as weak_won_revenue,
        coalesce(
            sum(credited_amount) filter (where touchpoint_id = 'unattributed'), 0
        ) as untouched_won_revenue
    from shared.credited
    where
        model = :model
        and basis = 'won'
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
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
