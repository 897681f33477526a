-- Which days of which account are loaded, which are missing, and which may still change?
-- Grain: one row per source, account and day.
-- Ad networks and web analytics: every day from the account's first loaded day to the day before
-- the as-of day, in the account's zone. An account that was shown and never loaded begins with its
-- source's first loaded day, or, before any, with the first day wanted; so does, under account
-- none, a network that never showed an account; web analytics that was never connected has no row.
-- A day is missing when one of the daily streams that are read lacks it. A stream whose source
-- keeps less than others, such as Google's clicks, is asked of a day from the first on which it was
-- loaded, or could be. The CRM has a row for the as-of day alone: loaded when the latest load of
-- each of its streams is as late as that of any source, or as recent as the stream is wanted; its
-- rows are those living in staging.
with

as_of as (
    select
        reporting_zone,
        as_of_date,
        as_of_at
    from build.int_as_of
),

daily_loads as (
    select
        ledger.source,
        ledger.account_id,
        ledger.stream,
        ledger.status,
        ledger.date_day,
        ledger.rows_rejected,
        ledger.restated_spend,
        ledger.loaded_at
    from ops.load_ledger as ledger
    inner join staging.stg_streams as streams
        on
            ledger.source = streams.source
            and ledger.stream = streams.stream
    where ledger.date_day is not null and streams.kind = 'daily'
),

source_reach as (
    select
        source,
        min(date_day) as first_day
    from daily_loads
    group by source
),

account_reach as (
    select
        source,
        account_id,
        min(date_day) as first_day
    from daily_loads
    group by source, account_id
),

-- A network without any account has one by the name of none.
accounts_named as (
    select
        platform as source,
        account_id,
        time_zone,
        1 as precedence
    from staging.stg_ad_accounts
    union all
    select
        platform as source,
        account_id,
        time_zone,
        1 as precedence
    from staging.stg_visit_properties
    union all
    select
        known.source,
        known.account_id,
        known.time_zone,
        2 as precedence
    from ops.known_accounts as known
    inner join staging.stg_sources as sources
        on known.source = sources.source
    where sources.kind in ('ads', 'analytics')
    union all
    select distinct
        source,
        account_id,
        cast(null as text) as time_zone,
        3 as precedence
    from daily_loads
    union all
    select
        source,
        'none' as account_id,
        cast(null as text) as time_zone,
        4 as precedence
    from staging.stg_sources
    where kind = 'ads'
),

accounts_ranked as (
    select
        source,
        account_id,
        time_zone,
        precedence,
        row_number() over (partition by source, account_id order by precedence) as place,
        min(precedence) over (partition by source) as first_precedence
    from accounts_named
),

accounts as (
    select
        accounts_ranked.source,
        accounts_ranked.account_id,
        cast((
            as_of.as_of_at
            at time zone coalesce(accounts_ranked.time_zone, as_of.reporting_zone)
        ) as date) - 1 as last_day
    from accounts_ranked
    cross join as_of
    where
        accounts_ranked.place = 1
        and (accounts_ranked.precedence < 4 or accounts_ranked.first_precedence = 4)
),

-- The first day that planning asks for: that of the settings, else of the year before last.
wanted as (
    select
        accounts.source,
        accounts.account_id,
        greatest(
            coalesce(
                sources.history_start,
                cast(
                    date_trunc('year', as_of.as_of_at at time zone 'UTC') - interval '2 years'
                    as date
                )
            ),
            accounts.last_day
            - cast(coalesce(sources.retention_days, 36524) as integer)
        ) as first_day
    from accounts
    cross join as_of
    inner join staging.stg_sources as sources
        on accounts.source = sources.source
),

spans as (
    select
        accounts.source,
        accounts.account_id,
        sources.kind,
        coalesce(sources.look_back_days, 0) as look_back_days,
        coalesce(
            account_reach.first_day, source_reach.first_day, wanted.first_day
        ) as first_day,
        accounts.last_day
    from accounts
    left join source_reach
        on accounts.source = source_reach.source
    left join wanted
        on
            accounts.source = wanted.source
            and accounts.account_id = wanted.account_id
    left join account_reach
        on
            accounts.source = account_reach.source
            and accounts.account_id = account_reach.account_id
    left join staging.stg_sources as sources
        on accounts.source = sources.source
),

stream_reach as (
    select
        source,
        account_id,
        stream,
        min(date_day) as first_day
    from daily_loads
    group by source, account_id, stream
),

-- The day from which each stream is asked of each account.
asked as (
    select
        spans.source,
        spans.account_id,
        case
            when streams.retention_days is null then spans.first_day
            else
                least(
                    coalesce(stream_reach.first_day, spans.last_day),
                    spans.last_day - cast(streams.retention_days as integer) + 2
                )
        end as asked_from
    from spans
    inner join staging.stg_streams as streams
        on spans.source = streams.source
    left join stream_reach
        on
            spans.source = stream_reach.source
            and spans.account_id = stream_reach.account_id
            and streams.stream = stream_reach.stream
    where streams.kind = 'daily'
),

asked_spans as (
    select
        source,
        account_id,
        asked_from,
        sum(count(*)) over (
            partition by source, account_id order by asked_from
        ) as daily_streams,
        lead(asked_from) over (
            partition by source, account_id order by asked_from
        ) as next_from
    from asked
    group by source, account_id, asked_from
),

account_days as (
    select
        spans.source,
        spans.account_id,
        spans.kind,
        spans.first_day + cast(offsets.day_offset as integer) as date_day,
        spans.look_back_days,
        spans.last_day
    from spans
    cross join generate_series(0, 36524) as offsets (day_offset)
    where spans.first_day + cast(offsets.day_offset as integer) <= spans.last_day
),

loaded_days as (
    select
        source,
        account_id,
        date_day,
        count(distinct stream) as streams_loaded,
        sum(rows_rejected) as rows_rejected,
        max(restated_spend) filter (where stream = 'campaign_daily') as restated_spend,
        bool_or(status = 'loaded') as has_rows,
        max(loaded_at) as loaded_at
    from daily_loads
    group by source, account_id, date_day
),

spend_days as (
    select
        platform as source,
        account_id,
        date_day,
        count(*) as rows_staged,
        sum(spend) as spend
    from staging.stg_campaign_daily
    group by platform, account_id, date_day
    union all
    select
        platform as source,
        account_id,
        date_day,
        count(*) as rows_staged,
        null as spend
    from staging.stg_visits_daily
    group by platform, account_id, date_day
),

network_days as (
    select
        account_days.source,
        account_days.account_id,
        case
            when
                coalesce(loaded_days.streams_loaded, 0) < coalesce(asked_spans.daily_streams, 1)
                then 'missing'
            when not loaded_days.has_rows then 'empty'
            when
                account_days.date_day
                > account_days.last_day - cast(account_days.look_back_days as integer)
                then 'restating'
            else 'loaded'
        end as status,
        account_days.date_day,
        coalesce(spend_days.rows_staged, 0) as rows_staged,
        coalesce(loaded_days.rows_rejected, 0) as rows_rejected,
        case
            when
                loaded_days.streams_loaded is not null
                and (account_days.kind is distinct from 'analytics')
                then coalesce(spend_days.spend, 0)
        end as spend,
        loaded_days.restated_spend,
        loaded_days.loaded_at
    from account_days
    left join asked_spans
        on
            account_days.source = asked_spans.source
            and account_days.account_id = asked_spans.account_id
            and account_days.date_day >= asked_spans.asked_from
            and (
                asked_spans.next_from is null
                or account_days.date_day < asked_spans.next_from
            )
    left join loaded_days
        on
            account_days.source = loaded_days.source
            and account_days.account_id = loaded_days.account_id
            and account_days.date_day = loaded_days.date_day
    left join spend_days
        on
            account_days.source = spend_days.source
            and account_days.account_id = spend_days.account_id
            and account_days.date_day = spend_days.date_day
),

crm_rows as (
    select sum(records) as rows_staged
    from (
        select count(*) as records from staging.stg_crm_leads
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_contacts
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_accounts
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_opportunities
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_contact_roles
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_campaigns
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_campaign_members
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_users
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_record_types
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_opportunity_history
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_opportunity_field_history
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_lead_history
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_opportunity_stages
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_tasks
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_events
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_currencies
        where not is_deleted
        union all
        select count(*) as records from staging.stg_crm_exchange_rates
        where not is_deleted
    ) as tables
),

-- A stream that is wanted every seventh day is late when its latest load is older than that.
crm_streams as (
    select
        ledger.source,
        ledger.account_id,
        ledger.as_of_at
        + case when streams.every_days > 1 then streams.every_days else 0 end
        * interval '24 hours' as fresh_until,
        ledger.rows_rejected,
        ledger.loaded_at
    from ops.load_ledger as ledger
    inner join staging.stg_streams as streams
        on
            ledger.source = streams.source
            and ledger.stream = streams.stream
),

-- An org that was shown and never loaded is missing too.
crm_orgs as (
    select
        source,
        account_id
    from crm_streams
    union
    select
        source,
        account_id
    from ops.known_accounts
),

crm_loads as (
    select
        sources.source,
        coalesce(orgs.account_id, 'none') as account_id,
        case
            when min(ledger.fresh_until) >= max(as_of.as_of_at) then 'loaded'
            else 'missing'
        end as status,
        max(as_of.as_of_date) as date_day,
        max(crm_rows.rows_staged) as rows_staged,
        coalesce(sum(ledger.rows_rejected), 0) as rows_rejected,
        cast(null as numeric(20, 6)) as spend,
        cast(null as numeric(20, 6)) as restated_spend,
        max(ledger.loaded_at) as loaded_at
    from staging.stg_sources as sources
    cross join as_of
    cross join crm_rows
    left join crm_orgs as orgs
        on sources.source = orgs.source
    left join crm_streams as ledger
        on
            orgs.source = ledger.source
            and orgs.account_id = ledger.account_id
    where sources.kind = 'crm'
    group by sources.source, coalesce(orgs.account_id, 'none')
),

health as (
    select * from network_days
    union all
    select * from crm_loads
),

typed as (
    select
        source,
        account_id,
        status,
        date_day,
        cast(rows_staged as bigint) as rows_staged,
        cast(rows_rejected as bigint) as rows_rejected,
        cast(spend as numeric(20, 6)) as spend,
        cast(restated_spend as numeric(20, 6)) as restated_spend,
        loaded_at
    from health
    where date_day is not null
)

select * from typed
