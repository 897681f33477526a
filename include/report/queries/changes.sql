-- What changed most in closed months when something last did, and why?
-- Grain: one row per campaign, cohort month and figure: the three that moved most.
-- Of the last publish that moved a campaign's return. Money spent and won comes before deals and
-- customers won, those before the rest, and ratios last; within these the largest move first.
with

last_publish as (
    select max(publish_number) as publish_number
    from ops.mart_changes
    where mart = 'mart_campaign_roi_monthly'
),

moved as (
    select
        changes.mart,
        changes.figure,
        changes.platform,
        changes.account_id,
        changes.campaign_id,
        changes.month,
        changes.old_value,
        changes.new_value,
        changes.delta,
        changes.causes,
        changes.evidence,
        changes.changed_at,
        case
            when changes.figure in ('won_revenue_base', 'spend_base') then 1
            when changes.figure in ('customers', 'won_deals', 'lost_deals') then 2
            when
                changes.figure in (
                    'open_pipeline_base',
                    'lost_amount_base',
                    'opportunities',
                    'leads',
                    'mqls',
                    'sqls'
                )
                then 3
            else 4
        end as place
    from ops.mart_changes as changes
    inner join last_publish
        on changes.publish_number = last_publish.publish_number
    where changes.mart = 'mart_campaign_roi_monthly'
),

largest as (
    select
        moved.mart,
        moved.figure,
        campaigns.channel,
        moved.platform,
        moved.account_id,
        moved.campaign_id,
        campaigns.campaign_name,
        moved.causes,
        moved.evidence,
        moved.month,
        moved.old_value,
        moved.new_value,
        moved.delta,
        moved.changed_at
    from moved
    left join marts.dim_campaign as campaigns
        on
            moved.platform = campaigns.platform
            and moved.account_id = campaigns.account_id
            and moved.campaign_id = campaigns.campaign_id
    order by
        moved.place asc,
        abs(moved.delta) desc nulls last,
        moved.month desc,
        moved.figure asc,
        moved.platform asc,
        moved.account_id asc,
        moved.campaign_id asc
    limit 3
)

select * from largest
