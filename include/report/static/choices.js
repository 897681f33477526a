// Period, model, currency and filters: what the build offers, and what this view uses.

import { el, name as outside } from "./element.js";
import { month, shifted } from "./format.js";
import { chosen, go, link } from "./state.js";

const MODELS = {
  first_touch: "First touch", last_touch: "Last touch", first_paid_touch: "First paid touch",
  first_non_direct_touch: "First non-direct touch", lead_creation: "Lead creation", linear: "Linear",
  u_shaped: "U-shaped", w_shaped: "W-shaped", full_path: "Full path", time_decay: "Time decay",
  markov: "Markov chain", shapley: "Shapley value",
};
const NETWORKS = {
  facebook_ads: "Facebook Ads", google_ads: "Google Ads", linkedin_ads: "LinkedIn Ads",
  google_analytics: "Google Analytics", salesforce: "Salesforce", crm: "CRM campaigns", unmatched: "No campaign known",
  unattributed: "No touch known", manual: "Entered by hand",
};

export function modelName(model) {
  return MODELS[model] ?? model;
}

/** A network as people call it; a word of the owner's own stays as it is. */
export function platformName(platform) {
  return NETWORKS[platform] ?? platform;
}

const PICKED = ["from_month", "model", "currency_code", "channel", "platform", "account_id", "campaign_id"];
let isOpen = false;

export function showChoices(offered, told) {
  const place = document.getElementById("choices");
  const focused = place.contains(document.activeElement) ? document.activeElement.id : null;
  const { choices } = chosen();
  const uses = new Set(told.uses ?? Object.keys(told.chosen));
  place.hidden = !PICKED.some((name) => uses.has(name));
  const fields = [
    uses.has("from_month") ? period(offered, told) : null,
    picker("model", "Attribution", offered.tables.models.records.map(({ model }) => [model, modelName(model)]),
      told.chosen.model, uses, (value) => go({ model: value === "first_touch" ? null : value, ...forgetOwn })),
    picker("currency_code", "Currency", [["", `${told.reporting_currency}, converted`],
      ...offered.tables.currencies.records.map(({ currency_code: code }) => [code, `${code} as booked`])],
    choices.currency_code ?? "", uses, (value) => go({ currency_code: value || null })),
    el("div", { class: "which" }, filters(offered, choices, uses)),
  ];
  const summary = [
    uses.has("from_month") && `${month(told.chosen.from_month)} – ${month(told.chosen.to_month)}`,
    uses.has("model") && modelName(told.chosen.model),
    uses.has("currency_code") && (choices.currency_code ?? told.reporting_currency),
  ].filter(Boolean).join(" · ") || "Filters";
  const panel = el("details", { class: "panel", open: isOpen || innerWidth > 760 },
    el("summary", null, summary), el("div", { class: "fields" }, fields));
  panel.addEventListener("toggle", () => { if (innerWidth <= 760) isOpen = panel.open; });
  place.replaceChildren(panel, chips(offered, choices, uses));
  if (focused) document.getElementById(focused)?.focus();
}

/** How many months they are, the first and the last among them. */
function count(from, to) {
  const [first, last] = [from, to].map((one) => Number(one.slice(0, 4)) * 12 + Number(one.slice(5, 7)));
  return last - first + 1;
}

const forgetOwn = { sort: null };

/** A choice of ``options``; null where the view makes nothing of it. */
function picker(name, label, options, value, uses, onchange) {
  if (!uses.has(name)) return null;
  const id = name.replace("_id", "");
  const known = options.some(([one]) => one === value);
  const select = el("select", { id: `choose-${id}`,
    onchange: (event) => onchange(event.target.value) },
    options.map(([one, text]) => el("option", { value: one, selected: one === value }, cut(text))),
    known ? null : el("option", { value, selected: true }, cut(value)));
  return el("label", { class: "field", for: `choose-${id}` }, el("span", null, label), select);
}

function cut(text) {
  const letters = Array.from(text);
  return letters.length > 60 ? `${letters.slice(0, 59).join("")}…` : text;
}

function period(offered, told) {
  const { from_month: from, to_month: to } = told.chosen;
  const [known] = offered.tables.months.records;
  const asOf = told.build.as_of_date.slice(0, 7);
  const first = known?.first_month?.slice(0, 7) ?? from.slice(0, 7);
  const latest = [asOf, known?.last_month?.slice(0, 7) ?? asOf].sort().at(-1);
  const months = [];
  for (let at = latest; at >= first && months.length < 240; at = shifted(at, -1)) months.push(at);
  for (const own of [from.slice(0, 7), to.slice(0, 7)]) if (!months.includes(own)) months.push(own);
  months.sort().reverse();
  const year = asOf.slice(0, 4);
  const old = known?.judged_month?.slice(0, 7);
  const quarter = `${year}-${String(Math.floor((Number(asOf.slice(5)) - 1) / 3) * 3 + 1).padStart(2, "0")}`;
  const longest = shifted(asOf, -119);
  const [opens, ends] = [told.by_default.from_month, told.by_default.to_month].map((one) => one.slice(0, 7));
  const year12 = shifted(ends, -11);
  const presets = [
    ...(opens > year12 ? [[`${count(opens, ends)} month${opens < ends ? "s" : ""}`, null, null, opens, ends], ["12 months", year12, ends, year12, ends]]
      : [["12 months", null, null, opens, ends]]),
    ["This month", asOf, asOf, asOf, asOf],
    ["Last month", shifted(asOf, -1), shifted(asOf, -1), shifted(asOf, -1), shifted(asOf, -1)],
    ["This quarter", quarter, asOf, quarter, asOf],
    ["Last quarter", shifted(quarter, -3), shifted(quarter, -1), shifted(quarter, -3), shifted(quarter, -1)],
    ["This year", `${year}-01`, asOf, `${year}-01`, asOf],
    ["Last year", `${year - 1}-01`, `${year - 1}-12`, `${year - 1}-01`, `${year - 1}-12`],
    ...(old ? [["Old enough to judge", shifted(old, -11), old, shifted(old, -11), old]] : []),
    ["All", first < longest ? longest : first, asOf, first < longest ? longest : first, asOf],
  ];
  const select = (id, label, value, onchange) => el("select", {
    id, "aria-label": label, onchange: (event) => onchange(event.target.value),
  }, months.map((one) => el("option", { value: one, selected: one === value }, month(one))));
  return el("fieldset", { class: "field period" }, el("legend", null, "Months"),
    el("div", { class: "presets" }, presets.map(([text, start, end, begins, ends], i) => el("button", {
      type: "button", id: `preset-${i}`,
      "aria-pressed": String(begins === from.slice(0, 7) && ends === to.slice(0, 7)),
      onclick: () => go({ from_month: start, to_month: end }),
    }, text))),
    el("span", { class: "range" }, select("choose-from", "First month", from.slice(0, 7), (value) => go({ from_month: value, to_month: value > to.slice(0, 7) ? value : to.slice(0, 7) })),
    el("span", { "aria-hidden": "true" }, "–"),
    select("choose-to", "Last month", to.slice(0, 7), (value) => go({ from_month: value < from.slice(0, 7) ? value : from.slice(0, 7), to_month: value }))));
}

function filters(offered, choices, uses) {
  const { channels, platforms, accounts, campaigns } = offered.tables;
  const within = (record) => (!choices.platform || record.platform === choices.platform)
    && (!choices.account_id || record.account_id === choices.account_id);
  const key = (record) => [record.platform, record.account_id, record.campaign_id].map(encodeURIComponent).join("/");
  const account = (record) => [record.platform, record.account_id].map(encodeURIComponent).join("/");
  return [
    picker("channel", "Channel", [["", "All channels"], ...channels.records.map(({ channel }) => [channel, channel])],
      choices.channel ?? "", uses, (value) => go({ channel: value || null, campaign_id: null, ad_group_id: null })),
    picker("platform", "Platform", [["", "All platforms"], ...platforms.records.map(({ platform }) => [platform, platformName(platform)])],
      choices.platform ?? "", uses,
      (value) => go({ platform: value || null, account_id: null, campaign_id: null, ad_group_id: null })),
    picker("account_id", "Account", [["", "All accounts"], ...accounts.records.filter((record) => !choices.platform || record.platform === choices.platform)
      .map((record) => [account(record), record.account_name || record.account_id])],
    choices.account_id ? account(choices) : "", uses, (value) => {
      const [platform, account_id] = value.split("/").map(decodeURIComponent);
      go(value ? { platform, account_id, campaign_id: null, ad_group_id: null } : { account_id: null, campaign_id: null, ad_group_id: null });
    }),
    picker("campaign_id", "Campaign", [["", "All campaigns"], ...campaigns.records
      .filter((record) => within(record) && (!choices.channel || record.channel === choices.channel))
      .map((record) => [key(record), record.campaign_name || record.campaign_id])],
    choices.campaign_id ? key(choices) : "", uses, (value) => {
      const [platform, account_id, campaign_id] = value.split("/").map(decodeURIComponent);
      go(value ? { platform, account_id, campaign_id, ad_group_id: null } : { campaign_id: null, ad_group_id: null });
    }),
  ];
}

/** The filters that hold, each with a way to let it go. */
function chips(offered, choices, uses) {
  const campaign = offered.tables.campaigns.records.find((record) => record.campaign_id === choices.campaign_id
    && record.platform === choices.platform && record.account_id === choices.account_id);
  const account = offered.tables.accounts.records.find((record) => record.account_id === choices.account_id && record.platform === choices.platform);
  const held = [
    ["channel", "Channel", choices.channel, { channel: null }],
    ["platform", "Platform", platformName(choices.platform), { platform: null, account_id: null, campaign_id: null, ad_group_id: null }],
    ["account_id", "Account", account?.account_name || choices.account_id, { account_id: null, campaign_id: null, ad_group_id: null }],
    ["campaign_id", "Campaign", campaign?.campaign_name || choices.campaign_id, { campaign_id: null, ad_group_id: null }],
    ["currency_code", "Currency", choices.currency_code && `${choices.currency_code} as booked: nothing is converted`, { currency_code: null }],
  ].filter(([of]) => choices[of]);
  if (!held.length) return "";
  return el("ul", { class: "chips", "aria-label": "Filters that hold" }, held.map(([of, label, text, without]) => el("li", {
    class: uses.has(of) ? null : "unused",
  }, `${label}: `, outside(cut(text)), uses.has(of) ? null : " (not used here)",
  el("a", { href: link(without), "aria-label": `Without ${label.toLowerCase()} ${cut(text)}` }, "✕"))),
  held.length > 1 ? el("li", { class: "all" }, el("a", { href: link({ channel: null, platform: null, account_id: null, campaign_id: null, ad_group_id: null, currency_code: null }) }, "Clear all")) : null);
}
