// Who buys, which content begins and moves deals, and what should sales know before a call?

import { card, nothing } from "../card.js";
import { el, name as outside } from "../element.js";
import { empty } from "../empty.js";
import { month, plainNumber } from "../format.js";
import { go, link } from "../state.js";
import { table } from "../table.js";

const DIMENSIONS = { sector: "Sector", company_size: "Size of company", region: "Region", seniority: "Seniority", product_interest: "Product interest", pain_point: "Pain point", urgency: "Urgency" };
const STAGES = { lead: "Lead", mql: "MQL", sql: "SQL", opportunity: "On a deal", customer: "Customer" };
const KINDS = { white_paper: "White paper", lead_form: "The network's form", unknown: "Nothing is told" };

export const audience = {
  name: "audience",
  title: "Audience",
  show(told, context) {
    const { segments, contents, briefs } = told.tables;
    if (!segments.records.length && !contents.records.length) return empty("Nobody came", told, context);
    return [
      segments.records.length ? funnels(segments) : card({ title: "Segments", answers: [segments], wide: true }, empty("Nobody came", told, context)),
      seen(contents, told.chosen), calls(briefs, context.choices),
    ];
  },
};

/** A segment as people write it; what the marts call unknown is nobody's word. */
function segment(text) {
  return text === "unknown" ? el("span", { class: "untold" }, "Nothing is told") : outside(text === "other" ? "Other" : text);
}

function funnels(segments) {
  const of = (dimension) => segments.records.filter((record) => record.dimension === dimension);
  return card({ title: "Segments", note: "People by the month of their first touch, everybody in each part once; on a deal and won are people, on deals of any type. Rules of segment_rules.csv say who is what. Of segments with few people a rate says little. More than 100 % means that deals were opened past the stage before.", answers: [segments], wide: true },
    Object.entries(DIMENSIONS).map(([dimension, title]) => el("section", { class: "segments", "aria-label": title }, el("h3", null, title),
      table({ ...segments, records: of(dimension) }, {
        caption: title, atFirst: 8, columns: [
          { name: "segment", label: title, cell: (record) => segment(record.segment) },
          { name: "leads", bar: true }, { name: "mqls" }, { name: "sqls" }, { name: "opportunities", label: "On a deal" }, { name: "customers", label: "Won" },
          { name: "lead_to_mql_rate", label: "Lead → MQL", digits: 1 }, { name: "mql_to_sql_rate", label: "MQL → SQL", digits: 1 }, { name: "sql_to_opportunity_rate", label: "SQL → deal", digits: 1 }, { name: "opportunity_to_customer_rate", label: "Deal → won", digits: 1 }, { name: "lead_to_customer_rate", label: "Lead → won", digits: 1 },
        ],
      }))));
}

function seen(contents, { from_month: from, to_month: to }) {
  const { records } = contents;
  const matches = Number(records[0]?.matches ?? 0);
  const many = matches > records.length ? ` ${plainNumber(records.length)} of ${plainNumber(matches)} are shown; the CSV has all.` : "";
  return card({ title: "Content", note: `What was first chosen ${from === to ? `in ${month(from)}` : `${month(from)} – ${month(to)}`}, whatever else is chosen above. A deal of new business is begun by one content and moved by every other that its people chose until it closed: what was moved is not what a content earned.${many}`, answers: [contents], wide: true },
    records.length ? table(contents, {
      caption: "Content", atFirst: 15, columns: [
        { name: "content_name", label: "Content", cell: (record) => [record.content_kind === "unknown" ? el("span", { class: "untold" }, KINDS.unknown) : outside(record.content_name), el("span", { class: "sub" }, kind(record.content_kind))] },
        { name: "people", bar: true }, { name: "begun_people", label: "First touch of" },
        { name: "begun_opportunities", label: "Deals begun" }, { name: "begun_won_deals", label: "Won of these" }, { name: "begun_won_revenue_base", label: "Their revenue" }, { name: "begun_cycle_days", label: "Days to close", digits: 0 },
        { name: "moved_opportunities", label: "Deals moved" }, { name: "moved_won_deals", label: "Won of those" }, { name: "moved_won_revenue_base", label: "Revenue of those" }, { name: "moved_cycle_days", label: "Days from it to close", digits: 0 },
      ],
    }) : nothing("Nothing was chosen first in these months."));
}

function kind(word) {
  const text = KINDS[word] ?? word.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function calls(briefs, choices) {
  const { records } = briefs;
  const matches = Number(records[0]?.matches ?? 0);
  const many = matches > records.length ? ` The latest ${plainNumber(records.length)} of ${plainNumber(matches)} are shown; the CSV has all.` : "";
  const field = el("input", { type: "search", id: "search", name: "search", value: choices.search ?? "", maxlength: "200", placeholder: "Company, e-mail domain or id", autocomplete: "off" });
  const search = el("form", {
    class: "search", role: "search",
    onsubmit: (event) => { event.preventDefault(); go({ search: field.value.trim() || null }); },
  }, el("label", { for: "search", class: "unseen" }, "Search people"), field, el("button", { class: "primary" }, "Search"),
  choices.search ? el("a", { class: "button", href: link({ search: null }) }, "All people") : null);
  return card({ title: "Before a call", note: `${choices.search ? "Whoever goes by what was searched, customers too" : "Who is no customer yet"}, of those first touched in these months; touched last first.${many}`, answers: [briefs], wide: true }, search,
    records.length ? table(briefs, {
      caption: "Before a call", atFirst: 10, columns: [
        { name: "company_name", label: "Person", cell: (record) => [el("a", { class: "drill", href: link({ person_id: record.person_id, search: null }, "journeys") }, outside(record.company_name ?? record.email_domain ?? record.person_id)), sub(STAGES[record.stage], record.seniority), sub(record.email_domain, record.region)] },
        { name: "product_interest", label: "Need", cell: (record) => facts(["Wants", record.product_interest], ["Troubled by", record.pain_point], ["When", record.urgency]) },
        { name: "first_touch_channel", label: "First touch", cell: (record) => [outside(record.first_touch_channel), sub(record.first_touch_campaign_name ?? record.first_touch_content)] },
        { name: "contents_seen", label: "What they chose, latest first", cell: (record) => list(record.contents_seen) },
        { name: "touches" }, { name: "last_touch_at", label: "Touched last" },
        { name: "others_of_account", label: "Others of the company" }, { name: "account_people", label: "Who they are", cell: (record) => list(record.account_people) },
        { name: "open_deals" }, { name: "open_pipeline_base", label: "Open pipeline" },
      ],
    }) : nothing(choices.search ? "Nobody first touched in these months goes by that. Part of a name is enough; other months may hold more." : "Whoever was first touched in these months is a customer, or nobody was."));
}

function sub(...texts) {
  const known = texts.filter(Boolean);
  return known.length ? el("span", { class: "sub" }, known.map((text, i) => [i ? " · " : "", outside(text)])) : null;
}

function facts(...pairs) {
  const known = pairs.filter(([, text]) => text);
  return known.length ? known.map(([label, text]) => el("span", { class: "sub" }, `${label}: `, outside(text))) : "–";
}

/** What a mart lists in one text, an entry a line. */
function list(text) {
  return text ? text.split("; ").map((entry) => el("span", { class: "sub" }, outside(entry))) : "–";
}
