-- Whom may sales call, and what should they know before?
-- Grain: one row per person first touched in the chosen months and place who is no customer yet;
-- where something is searched, customers too. Those touched last first.
-- Searched is in the company's name, the e-mail domain and the person's id, whatever the case of
-- plain letters.
with

found as (
    select
        briefs.person_id,
        coalesce(briefs.last_touch_at, briefs.lead_at) as known_at
    from marts.mart_lead_brief as briefs
    inner join shared.people as people
        on briefs.person_id = people.person_id
    where
        case
            when cast(:search as text) is null then briefs.stage <> 'customer'
            else
                position(lower(trim(:search)) in lower(briefs.person_id)) > 0
                or position(lower(trim(:search)) in lower(coalesce(briefs.email_domain, ''))) > 0
                or position(lower(trim(:search)) in lower(coalesce(briefs.company_name, ''))) > 0
                or position(trim(:search) in coalesce(briefs.company_name, '')) > 0
        end
),

chosen as (
    select
        person_id,
        known_at,
        count(*) over () as matches
    from found
    order by known_at desc, person_id asc
    limit cast(:at_most as bigint)
),

listed as (
    select
        briefs.person_id,
        briefs.stage,
        briefs.first_touch_channel,
        briefs.first_touch_campaign_name,
        briefs.first_touch_content,
        briefs.last_touch_channel,
        briefs.last_touch_content,
        briefs.contents_seen,
        briefs.email_domain,
        briefs.company_name,
        briefs.sector,
        briefs.company_size,
        briefs.region,
        briefs.seniority,
        briefs.product_interest,
        briefs.pain_point,
        briefs.urgency,
        briefs.account_people,
        briefs.touches,
        briefs.others_of_account,
        briefs.open_deals,
        briefs.open_pipeline_base,
        briefs.first_touch_at,
        briefs.last_touch_at,
        briefs.lead_at,
        chosen.matches
    from chosen
    inner join marts.mart_lead_brief as briefs
        on chosen.person_id = briefs.person_id
    order by chosen.known_at desc, chosen.person_id asc
)

select * from listed
