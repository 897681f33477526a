-- What does a percent-encoded UTM value say?
-- Grain: one row per captured value that holds a percent sign.
-- + is a space where no plain space stands; %XX are bytes of UTF-8, or of Latin-1 where they are
-- no UTF-8; what was encoded twice or three times is decoded as often. A percent sign that encodes
-- nothing stays.
with recursive

encoded as (
    select utm_source as raw_value
    from build.int_captures
    where strpos(utm_source, '%') > 0
    union
    select utm_medium as raw_value
    from build.int_captures
    where strpos(utm_medium, '%') > 0
    union
    select utm_campaign as raw_value
    from build.int_captures
    where strpos(utm_campaign, '%') > 0
    union
    select utm_content as raw_value
    from build.int_captures
    where strpos(utm_content, '%') > 0
    union
    select utm_term as raw_value
    from build.int_captures
    where strpos(utm_term, '%') > 0
    union
    select utm_source as raw_value
    from build.int_visit_ways
    where strpos(utm_source, '%') > 0
    union
    select utm_medium as raw_value
    from build.int_visit_ways
    where strpos(utm_medium, '%') > 0
    union
    select utm_campaign as raw_value
    from build.int_visit_ways
    where strpos(utm_campaign, '%') > 0
    union
    select utm_source as raw_value
    from build.int_manual_touchpoints
    where strpos(utm_source, '%') > 0
    union
    select utm_medium as raw_value
    from build.int_manual_touchpoints
    where strpos(utm_medium, '%') > 0
    union
    select utm_campaign as raw_value
    from build.int_manual_touchpoints
    where strpos(utm_campaign, '%') > 0
    union
    select utm_campaign as raw_value
    from staging.seed_campaign_aliases
    where strpos(utm_campaign, '%') > 0
),

-- One step decodes one character: done grows, rest shrinks; with no percent sign left in rest the
-- next of three passes begins.
steps as (
    select
        raw_value,
        1 as pass,
        '' collate "C" as done,
        case
            when strpos(raw_value, ' ') > 0 then raw_value else replace(raw_value, '+', ' ')
        end as rest
    from encoded
    union all
    select
        raw_value,
        case when place = 0 then pass + 1 else pass end as pass,
        case
            when place = 0 then ''
            when width = 1 then done || substr(rest, 1, place)
            when code_point = 0 or code_point > 1114111 or code_point between 55296 and 57343
                then done || substr(rest, 1, place - 1) || chr(65533)
            else done || substr(rest, 1, place - 1) || chr(cast(code_point as integer))
        end as done,
        case when place = 0 then done || rest else substr(rest, place + width) end as rest
    from (
        select
            raw_value,
            pass,
            done,
            rest,
            place,
            width,
            case width
                when 3 then byte_1
                when 6 then (byte_1 - 192) * 64 + byte_2 - 128
                when 9 then (byte_1 - 224) * 4096 + (byte_2 - 128) * 64 + byte_3 - 128
                when 12
                    then
                        (byte_1 - 240) * 262144 + (byte_2 - 128) * 4096
                        + (byte_3 - 128) * 64 + byte_4 - 128
            end as code_point
        from (
            select
                raw_value,
                pass,
                done,
                rest,
                place,
                case
                    when substr(escape, 1, 3) ~ '^%[0-7][0-9a-f]$' then 3
                    when substr(escape, 1, 6) ~ '^%(c[2-9a-f]|d[0-9a-f])%[89ab][0-9a-f]$' then 6
                    when substr(escape, 1, 9) ~ '^%e[0-9a-f](%[89ab][0-9a-f]){2}$' then 9
                    when escape ~ '^%f[0-4](%[89ab][0-9a-f]){3}$' then 12
                    when substr(escape, 1, 3) ~ '^%[89a-f][0-9a-f]$' then 3
                    else 1
                end as width,
                (strpos('0123456789abcdef', substr(escape, 2, 1)) - 1) * 16
                + strpos('0123456789abcdef', substr(escape, 3, 1)) - 1 as byte_1,
                (strpos('0123456789abcdef', substr(escape, 5, 1)) - 1) * 16
                + strpos('0123456789abcdef', substr(escape, 6, 1)) - 1 as byte_2,
                (strpos('0123456789abcdef', substr(escape, 8, 1)) - 1) * 16
                + strpos('0123456789abcdef', substr(escape, 9, 1)) - 1 as byte_3,
                (strpos('0123456789abcdef', substr(escape, 11, 1)) - 1) * 16
                + strpos('0123456789abcdef', substr(escape, 12, 1)) - 1 as byte_4
            from (
                select
                    raw_value,
                    pass,
                    done,
                    rest,
                    strpos(rest, '%') as place,
                    lower(substr(rest, strpos(rest, '%'), 12)) as escape
                from steps
                where strpos(rest, '%') > 0 or (pass < 3 and strpos(done, '%') > 0)
            ) as found
        ) as measured
    ) as read
),

decoded as (
    select
        raw_value,
        done || rest as decoded_value
    from steps
    where strpos(rest, '%') = 0 and (pass = 3 or strpos(done, '%') = 0)
)

select * from decoded
