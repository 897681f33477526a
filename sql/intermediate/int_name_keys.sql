-- In which spelling are campaign names compared?
-- Grain: one row per name that a campaign bears or bore, a visit was tagged with or an alias says.
-- Case and punctuation do not matter. Engines lower other letters than A to Z by their own lights,
-- so those of the Latin, Greek and Cyrillic alphabets are translated here.
with

names as (
    select thing_name as name
    from build.int_names
    where level = 'campaign' and thing_name is not null
    union
    select utm_campaign as name
    from build.int_visits
    where utm_campaign is not null
    union
    select coalesce(decoded.decoded_value, aliases.utm_campaign) as name
    from staging.seed_campaign_aliases as aliases
    left join build.int_decoded_values as decoded
        on aliases.utm_campaign = decoded.raw_value
),

lowered as (
    select
        name,
        translate(
            lower(name),
            'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŸŒŠŽĄĆĘŁŃŚŹŻČĎĚŇŘŤŮŐŰĂȘȚ'
            || 'ĞŞΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ'
            || 'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁІЇЄҐ',
            'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿœšžąćęłńśźżčďěňřťůőűășț'
            || 'ğşαβγδεζηθικλμνξοπρστυφχψω'
            || 'абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ'
        ) as lower_name
    from names
),

keyed as (
    select
        name,
        trim(regexp_replace(
            lower_name, '[-\s!"#$%&''()*+,./:;<=>?@^_`{|}~\[\]\\–—]+', ' ', 'g'
        )) as name_key
    from lowered
),

telling as (
    select
        name,
        name_key
    from keyed
    where name_key <> ''
)

select * from telling
