-- Which deals stand behind the opportunities of what is chosen, lost ones too?
-- Grain: one row per deal, so many of the latest as are asked for, else all; matches is how many
-- there are.
-- New business, by the month and place of the deal's own first touch, whatever the model: together
-- the rows are the opportunities of the overview.
with

placed as (
    select
        opportunity_id,
        crm_account_id,
        opportunity_name,
        stage_name,
        first_touch_channel,
        case
            when first_touch_channel = 'Unattributed' then 'unattributed'
            when first_touch_crm_campaign_id is not null then 'crm'
            else coalesce(first_touch_platform, 'unmatched')
        end as platform,
        case
            when first_touch_channel = 'Unattributed' then 'unattributed'
            when first_touch_crm_campaign_id is not null then 'crm'
            else coalesce(first_touch_account_id, 'unmatched')
        end as account_id,
        case
            when first_touch_channel = 'Unattributed' then 'unattributed'
            else coalesce(first_touch_crm_campaign_id, first_touch_campaign_id, 'unmatched')
        end as campaign_id,
        cohort_month,
        amount_base,
        is_closed,
        is_won,
        created_at
    from marts.fct_opportunities
    where
        type_group = 'new_business'
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or first_touch_channel = :channel)
),

chosen as (
    select
        opportunity_id,
        crm_account_id,
        opportunity_name,
        stage_name,
        first_touch_channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        amount_base,
        count(*) over () as matches,
        is_closed,
        is_won,
        created_at
    from placed
    where
        (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
),

latest as (
    select *
    from chosen
    order by created_at desc nulls last, opportunity_id asc
    limit cast(:at_most as bigint)
),

companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id in (select latest.crm_account_id from latest)
    group by crm_account_id
),

named as (
    select
        latest.opportunity_id,
        latest.opportunity_name,
        companies.company_name,
        latest.stage_name,
        latest.first_touch_channel,
        case
            when latest.platform not in ('unmatched', 'unattributed') then latest.platform
        end as first_touch_platform,
        case
            when latest.campaign_id not in ('unmatched', 'unattributed')
                then campaigns.campaign_name
        end as first_touch_campaign_name,
        latest.cohort_month,
        latest.amount_base,
        latest.matches,
        latest.is_closed,
        latest.is_won,
        latest.created_at
    from latest
    left join companies
        on latest.crm_account_id = companies.crm_account_id
    left join marts.dim_campaign as campaigns
        on
            latest.platform = campaigns.platform
            and latest.account_id = campaigns.account_id
            and latest.campaign_id = campaigns.campaign_id
    order by latest.created_at desc nulls last, latest.opportunity_id asc
)

select * from named
