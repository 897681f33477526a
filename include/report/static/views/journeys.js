// Where did this deal or person come from? Search; every touch and stage in order, with its evidence.

import { card, nothing, remark } from "../card.js";
import { modelName, platformName } from "../choices.js";
import { el, name as outside } from "../element.js";
import { clock, day, instant, moment, month, plainNumber, shown, zoneName } from "../format.js";
import { go, link } from "../state.js";
import { table } from "../table.js";

const AT_MOST_NAMED = 12;

const RULES = {
  click_id: "click id", id: "campaign id in the link", url_id: "campaign id in the link", campaign_name: "campaign's name", name: "campaign's name",
  alias: "alias", crm_campaign: "campaign in the CRM", lead_source: "lead source in the CRM", referrer: "referring site", direct: "direct", lead_form: "the platform's own form",
};

/** Which rule tied a touch to its campaign, in words. */
function rule(method) {
  return RULES[method] ?? words(method);
}

export const journeys = {
  name: "journeys",
  title: "Journeys",
  show(told, { choices }) {
    const { found, deal, person, steps, credits, touches } = told.tables;
    const isOpened = Boolean(choices.opportunity_id || choices.person_id);
    const subject = deal?.records[0] ?? person?.records[0];
    return [
      search(choices),
      isOpened && !subject ? remark("caution", "This deal or person is not in the books of this build.") : null,
      isOpened ? subject && [
        deal?.records.length ? dealCard(deal) : personCard(person),
        timeline(steps), deal?.records.length ? shares(credits, choices, told.chosen.model) : null, evidence(touches),
      ] : choices.search ? list(found, choices) : lists(told),
    ];
  },
};

function search(choices) {
  const field = el("input", { type: "search", id: "search", name: "search", value: choices.search ?? "", maxlength: "200", placeholder: "Deal, company, e-mail domain or id", autocomplete: "off" });
  return el("form", {
    class: "search", role: "search",
    onsubmit: (event) => { event.preventDefault(); go({ search: field.value.trim() || null, opportunity_id: null, person_id: null }); },
  }, el("label", { for: "search", class: "unseen" }, "Search deals and people"), field, el("button", { class: "primary" }, "Search"),
  choices.opportunity_id || choices.person_id ? el("a", { class: "button", href: link({ opportunity_id: null, person_id: null }) }, "Back to the list") : null);
}

function open(record) {
  return link(record.kind === "deal" ? { opportunity_id: record.id, person_id: null } : { person_id: record.id, opportunity_id: null });
}

function list(found, choices) {
  const title = ["Found for “", outside(choices.search), "”"];
  if (!found.records.length) return card({ title, answers: [found], wide: true }, nothing("No deal and no person goes by that. Part of a name is enough."));
  const isMixed = found.records.some((record) => record.kind !== found.records[0].kind);
  const kinds = Object.groupBy ? Object.groupBy(found.records, (record) => record.kind) : found.records.reduce((all, record) => { (all[record.kind] ??= []).push(record); return all; }, {});
  const cutOff = Object.entries(kinds).filter(([, records]) => Number(records[0].matches ?? 0) > records.length)
    .map(([kind, records]) => `${plainNumber(records.length)} of ${plainNumber(records[0].matches)} ${kind === "deal" ? "deals" : "people"} are shown, the latest; the CSV has all.`);
  return card({ title, note: cutOff.join(" ") || null, answers: [found], wide: true }, table(found, {
    caption: "Deals and people found", atFirst: 25,
    columns: [
      { name: "name", label: "Deal or person", cell: (record) => [el("a", { class: "drill", href: open(record) }, outside(record.name || record.id)), isMixed ? el("span", { class: "sub" }, record.kind) : null] },
      { name: "company_name", label: "Company" }, { name: "channel", label: "First touch" }, { name: "stage" }, { name: "occurred_at", label: "When" }, { name: "amount_base", label: "Amount" },
    ],
  }));
}

/** Deals won in the months chosen, then what stands behind the figures. */
function lists({ tables: { credited, opportunities, closed }, ...told }) {
  return [closedCard(closed, told), behind(credited, told), every(opportunities)];
}

const DEAL = { name: "opportunity_name", label: "Deal", cell: (record) => el("a", { class: "drill", href: link({ opportunity_id: record.opportunity_id, person_id: null }) }, outside(record.opportunity_name ?? record.opportunity_id)) };

/** The channel of a deal's first touch, below it network and campaign. */
const CAME_BY = {
  name: "first_touch_channel", label: "First touch", long: true,
  cell: (record) => [outside(record.first_touch_channel ?? ""), el("span", { class: "sub" },
    record.first_touch_campaign_name ? outside([platformName(record.first_touch_platform), record.first_touch_campaign_name].join(" · "))
      : record.first_touch_platform ? platformName(record.first_touch_platform) : null)],
};

/** The deals that the revenue by the month it closed is made of. */
function closedCard(closed, told) {
  const { records } = closed;
  const { from_month: from, to_month: to, model } = told.chosen;
  const matches = Number(records[0]?.matches ?? 0);
  const many = matches > records.length ? ` The latest ${plainNumber(records.length)} of ${plainNumber(matches)} are shown; the CSV has all.` : ` ${plainNumber(matches)} ${matches === 1 ? "deal" : "deals"}.`;
  return card({ title: `Won: deals closed ${from === to ? `in ${month(from)}` : `${month(from)} – ${month(to)}`}`, note: `New business by the day it closed, whenever its people first came, as ${modelName(model).toLowerCase()} credits it.${matches ? many : ""}`, answers: [closed], wide: true },
    records.length ? table(closed, {
      caption: "Deals closed", atFirst: from === to ? 50 : 10, columns: [
        DEAL,
        { name: "company_name", label: "Company" }, { name: "close_date", label: "Closed" }, CAME_BY, { name: "cohort_month", label: "First touch in" }, { name: "is_new_customer", label: "New customer" },
        { name: "weight", label: "Share credited", isNumeric: true, cell: (record) => shown(record.weight, { kind: "percent", name: "weight" }, { digits: 0 }) }, { name: "credited_amount", label: "Amount credited", bar: true },
      ],
    }) : nothing("No new business of this choice closed in these months."));
}

/** The deals that the figures of the same choices are made of. */
function behind(credited, told) {
  return [["won", "Won: the deals behind customers and won revenue", "No new business of these cohorts is won."], ["open", "Open: the deals behind the pipeline", "No new business of these cohorts is open."]].map(([basis, title, none]) => {
    const own = { ...credited, records: credited.records.filter((record) => record.basis === basis) };
    const matches = Number(own.records[0]?.matches ?? 0);
    const many = matches > own.records.length ? ` ${plainNumber(own.records.length)} of ${plainNumber(matches)} are shown, those with the most; the CSV has all.` : ` ${plainNumber(matches)} deals.`;
    const counted = basis === "won" ? " A deal makes a customer where it is its company's first; renewals and expansions are left out." : " Renewals and expansions are left out.";
    return card({ title, note: `New business first touched in the months chosen, as ${modelName(told.chosen.model).toLowerCase()} credits it.${matches ? many : ""}${counted}`, answers: [credited], wide: true },
      withoutAmount(own),
      own.records.length ? table(own, {
        caption: title, atFirst: 10, columns: [
          DEAL,
          { name: "company_name", label: "Company" }, CAME_BY, { name: "cohort_month", label: "Cohort" }, { name: "stage_name", label: "Stage" },
          { name: "close_date", label: basis === "won" ? "Closed" : "Expected" }, { name: "is_new_customer", label: "New customer" },
          { name: "weight", label: "Share credited", isNumeric: true, cell: (record) => shown(record.weight, { kind: "percent", name: "weight" }, { digits: 0 }) }, { name: "credited_amount", label: "Amount credited", bar: true },
        ],
      }) : nothing(none));
  });
}

/** The deals that count though the CRM has no amount of them, by name. */
function withoutAmount({ records }) {
  const [first] = records;
  const bare = records.filter((record) => !record.has_amount);
  if (!Number(first?.deals_without_amount)) return null;
  return remark("caution", `${plainNumber(first.deals_without_amount)} of these have no amount in the CRM and add nothing to the money${bare.length ? ": " : "; the CSV names them"}`,
    bare.slice(0, AT_MOST_NAMED).map((record, i) => [i ? ", " : "", el("a", { href: link({ opportunity_id: record.opportunity_id, person_id: null }) }, outside(record.opportunity_name ?? record.opportunity_id))]),
    bare.length && Number(first.deals_without_amount) > Math.min(bare.length, AT_MOST_NAMED) ? " …" : ".");
}

/** The deals that the opportunities of the same choices are counted of, lost ones too. */
function every(opportunities) {
  const { records } = opportunities;
  const matches = Number(records[0]?.matches ?? 0);
  const many = matches > records.length ? `The latest ${plainNumber(records.length)} of ${plainNumber(matches)} are shown; the CSV has all.` : `${plainNumber(matches)} deals.`;
  return card({ title: "Opportunities: every deal, lost ones too", note: `New business, by the deal's own first touch in the months chosen. ${matches ? many : ""}`, answers: [opportunities], wide: true },
    records.length ? table(opportunities, {
      caption: "Opportunities", atFirst: 10, columns: [
        DEAL,
        { name: "company_name", label: "Company" }, CAME_BY, { name: "cohort_month", label: "Cohort" }, { name: "created_at", label: "Created" },
        { name: "stage_name", label: "Stage", cell: (record) => [outside(record.stage_name ?? ""), " ", el("span", { class: "sub" }, record.is_won ? "won" : record.is_closed ? "lost" : "open")] }, { name: "amount_base", label: "Amount", bar: true },
      ],
    }) : nothing("No new business of these cohorts."));
}

function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([label, value]) => el("div", null, el("dt", null, label), el("dd", null, value))));
}

function dealCard(deal) {
  const [one] = deal.records;
  const { column } = deal;
  const state = one.is_won ? ["good", "✓ won"] : one.is_closed ? ["bad", "✕ lost"] : ["", "open"];
  return card({ title: outside(one.opportunity_name ?? one.opportunity_id), note: outside(one.company_name ?? ""), answers: [deal], wide: true },
    el("p", null, el("span", { class: `tag ${state[0]}` }, state[1]), " ", el("span", { class: "tag" }, words(one.type_group)), " ", el("span", { class: "tag" }, outside(one.stage_name ?? ""))),
    facts([
      ["Amount", one.amount_base === null ? "no exchange rate, so not converted" : [shown(one.amount_base, column.amount_base, { digits: 2, symbol: true }), one.currency_code && one.currency_code !== column.amount_base.unit ? ` (${shown(one.amount, column.amount, { digits: 2 })} ${one.currency_code} booked)` : ""]],
      ["First touch", one.first_touch_at ? [instant(one.first_touch_at), ", ", outside(one.first_touch_channel ?? "")] : "none known"],
      ["First touch's campaign", one.first_touch_campaign_name && [outside(one.first_touch_campaign_name), one.first_touch_platform ? ` · ${platformName(one.first_touch_platform)}` : ""]],
      ["Tied by", one.first_touch_match_method && `${rule(one.first_touch_match_method)}, confidence ${shown(one.first_touch_match_confidence, { kind: "percent", name: "c" }, { digits: 0 })}`],
      ["How its people were found", one.people_rule && words(one.people_rule)], ["People and touches", one.touches === null || one.touches === undefined ? null : `${plainNumber(one.people)} ${Number(one.people) === 1 ? "person" : "people"}, ${plainNumber(one.touches)} ${Number(one.touches) === 1 ? "touch" : "touches"}`],
      ["Created", one.created_at && instant(one.created_at)], ["Closed", one.closed_at ? instant(one.closed_at) : one.close_date && `expected ${day(one.close_date)}`],
      ["First touch to deal", one.days_touch_to_created === null ? null : days(one.days_touch_to_created)], ["Deal to close", one.days_created_to_close === null ? null : days(one.days_created_to_close)],
    ]),
    one.alternatives ? el("details", { class: "rows" }, el("summary", null, "Touches that were not the first, and why"), el("ul", { class: "lost" }, one.alternatives.split("; ").map((text) => el("li", { title: text }, outside(text.replace(/^\S+:\S+ /, "")))))) : null);
}

function personCard(person) {
  const [one] = person.records;
  return card({ title: outside(one.company_name || one.email_domain || one.person_id), note: "A person; names and addresses are not kept in the marts.", answers: [person], wide: true },
    facts([
      ["Person", outside(one.person_id)], ["E-mail domain", one.email_domain && outside(one.email_domain)], ["Industry", one.industry && outside(one.industry)], ["Country", one.country && outside(one.country)],
      ["First touch", one.first_touch_at ? [instant(one.first_touch_at), ", ", outside(one.first_touch_channel ?? "")] : "none known"], ["Tied by", one.first_touch_match_method && rule(one.first_touch_match_method)],
      ["Lead", one.lead_at && instant(one.lead_at)], ["MQL", one.mql_at && instant(one.mql_at)], ["SQL", one.sql_at && instant(one.sql_at)], ["Opportunity", one.opportunity_at && instant(one.opportunity_at)], ["Customer", one.customer_at && instant(one.customer_at)],
    ]));
}

function days(count) {
  return `${plainNumber(count)} ${Number(count) === 1 ? "day" : "days"}`;
}

const FOUND = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id", "referrer_host", "lead_source", "ad_group_id", "ad_id", "evidence"];
const SIGNS = { touch: "●", stage: "◆", deal: "■", deal_stage: "▪" };

function timeline(steps) {
  if (!steps.records.length) return card({ title: "What happened, in order", answers: [steps], wide: true }, nothing("No touch and no stage is known."));
  const called = letters(steps.records);
  const own = new Set(steps.records.filter((step) => step.is_concerned && step.person_id).map((step) => step.person_id));
  return card({
    title: "What happened, in order", answers: [steps], wide: true,
    note: `● a touch, ◆ a stage of a person, ■ ▪ of a deal; oldest first, times in ${zoneName()}. “Again” is the latest time that a stage was reached once more; “credited by some” is a touch that other models give a part.`,
  }, el("ol", { class: "timeline" }, runs(together(steps.records)).map((run) => (run[0].is_concerned ? entries(run, own.size > 1 ? called : new Map()) : folded(run, called)))));
}

/** What the company did beside the deal, in one line that opens. */
function folded(run, called) {
  const people = new Set(run.flatMap((step) => step.people)).size;
  const deals = new Set(run.filter(isDeal).map((step) => step.opportunity_id)).size;
  const of = [people && (people === 1 ? "another person" : `${plainNumber(people)} other people`), deals && (deals === 1 ? "another deal" : `${plainNumber(deals)} other deals`)].filter(Boolean).join(" and ");
  const [from, to] = [run[0].occurred_at, run.at(-1).occurred_at].map((at) => month(at.slice(0, 10)));
  return el("li", { class: "others" }, el("details", { class: "rows" },
    el("summary", null, `${plainNumber(run.length)} ${run.length === 1 ? "step" : "steps"} of ${of} of the company, ${from === to ? from : `${from} – ${to}`}`),
    el("ol", { class: "timeline" }, entries(run, called))));
}

function entries(run, called) {
  let last = null;
  return run.map((step) => {
    const date = step.occurred_at?.slice(0, 10);
    const isNewDay = date !== last;
    last = date;
    return el("li", { class: [step.kind, step.is_first_touch && "first", step.is_credited === false && step.kind === "touch" && "aside"].filter(Boolean).join(" "), "data-steps": String(step.steps) },
      el("time", { datetime: step.occurred_at }, isNewDay ? moment(step.occurred_at) : clock(step.occurred_at)),
      el("span", { class: "point", "aria-label": step.kind }, SIGNS[step.kind] ?? "·"),
      el("div", null,
        el("strong", null, outside(isDeal(step) ? ofDeal(step) : step.content || sentence(step.label || step.kind))), " ",
        step.is_first_touch ? el("span", { class: "tag good" }, "first touch") : null,
        step.kind === "touch" && step.is_credited && !step.is_first_touch ? el("span", { class: "tag" }, "credited by some") : null,
        step.has_conflict ? el("span", { class: "tag caution" }, "! evidence disagrees") : null,
        el("span", { class: "sub" }, [
          isDeal(step) && step.content && !step.is_concerned ? el("a", { href: link({ opportunity_id: step.opportunity_id, person_id: null }) }, outside(step.content)) : null,
          !isDeal(step) && step.content && step.label ? outside(sentence(step.label)) : null, step.channel && outside(step.channel),
          step.campaign_name && step.campaign_name !== step.content ? outside(step.campaign_name) : null, step.match_method && `tied by ${rule(step.match_method)}`,
          step.sales_stage && words(step.sales_stage), called.size && step.people.length ? step.people.map((person, i) => [i ? ", " : "", el("a", { href: link({ person_id: person, opportunity_id: null }), title: person }, called.get(person))]) : null,
        ].filter(Boolean).map((part, i) => [i ? " · " : "", part]))));
  });
}

/** "Person A", "Person B" … by id, as they come, those the deal concerns first. */
function letters(records) {
  const ids = [...records].sort((a, b) => b.is_concerned - a.is_concerned).map((step) => step.person_id).filter(Boolean);
  return new Map([...new Set(ids)].map((id, i) => [id, `Person ${letter(i)}`]));
}

/** A … Z, then AA … */
function letter(i) {
  return (i >= 26 ? letter(Math.floor(i / 26) - 1) : "") + String.fromCharCode(65 + (i % 26));
}

/** Steps that follow one another and concern the deal alike. */
function runs(lines) {
  const found = [];
  for (const step of lines) {
    if (found.at(-1)?.[0].is_concerned === step.is_concerned) found.at(-1).push(step);
    else found.push([step]);
  }
  return found;
}

function isDeal(step) {
  return step.kind === "deal" || step.kind === "deal_stage";
}

/** "Deal opened", "Another deal: Negotiation/Review". */
function ofDeal(step) {
  const deal = step.is_concerned ? "Deal" : "Another deal";
  return step.kind === "deal" ? `${deal} ${words(step.label)}` : `${deal}: ${step.label}`;
}

/** Stages that several people reach in the same second are one line. */
function together(records) {
  const lines = [];
  for (const record of records) {
    const same = record.kind === "stage" && lines.findLast((line) => line.kind === "stage" && line.label === record.label && line.occurred_at === record.occurred_at && line.is_concerned === record.is_concerned);
    if (same) Object.assign(same, { people: [...same.people, record.person_id], steps: same.steps + 1 });
    else lines.push({ ...record, people: record.person_id ? [record.person_id] : [], steps: 1 });
  }
  return lines;
}

function shares(credits, choices, model) {
  const now = choices.model ?? model;
  const own = { ...credits, records: credits.records.filter((record) => record.model === now) };
  const known = [...new Set(credits.records.map((record) => record.model))];
  return card({ title: "How this deal is credited", answers: [credits], wide: true },
    el("div", { class: "beside" }, el("label", { for: "credited-by" }, "By"), el("select", {
      id: "credited-by", onchange: (event) => go({ model: event.target.value }),
    }, known.map((one) => el("option", { value: one, selected: one === now }, modelName(one))))),
    own.records.length ? table(own, {
      caption: "Credits", columns: [{ name: "touched_at", label: "Touch" }, "channel", { name: "campaign_name", label: "Campaign" }, { name: "weight", cell: (record) => shown(record.weight, { kind: "percent", name: "weight" }, { digits: 1 }), isNumeric: true }, { name: "amount_base", label: "Amount", digits: 2 }],
    }) : nothing("This model credits nothing to this deal."));
}

function evidence(touches) {
  if (!touches.records.length) return null;
  return card({ title: "The evidence of each touch", note: "What was found on the form or in the CRM, which rule spoke, and which other rules would have said otherwise.", answers: [touches], wide: true }, table(touches, {
    caption: "Evidence of each touch", columns: [
      { name: "touched_at", label: "When" }, "channel", { name: "campaign_name", label: "Campaign" }, { name: "match_method", label: "Tied by", cell: (record) => rule(record.match_method) },
      { name: "match_confidence", label: "Confidence", cell: (record) => shown(record.match_confidence, { kind: "percent", name: "c" }, { digits: 0 }), isNumeric: true },
      touches.records.some((record) => record.other_matches) ? { name: "other_matches", label: "Other rules said", long: true } : null,
      { name: "has_conflict", label: "Rules disagree", cell: (record) => (record.has_conflict ? el("span", { class: "tag caution" }, "! yes") : "no") },
      ...FOUND.filter((of) => touches.records.some((record) => record[of] !== null && record[of] !== undefined)),
    ].filter(Boolean),
  }));
}

const SPELT = { mql: "MQL", sql: "SQL", latest_lead: "Recorded in the CRM again", latest_mql: "MQL again", latest_sql: "SQL again", latest_opportunity: "Opportunity again", latest_customer: "Customer again" };

function sentence(text) {
  if (SPELT[text]) return SPELT[text];
  const said = words(text);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function words(text) {
  return String(text ?? "").replaceAll("_", " ");
}

