// How to split the budget over channels: the budgets and bounds that were worked out beforehand.

import { card, nothing, remark } from "../card.js";
import { platformName } from "../choices.js";
import { el, name as outside } from "../element.js";
import { shown } from "../format.js";
import { link } from "../state.js";
import { figure, table } from "../table.js";

const SIGNS = { move: "▲", keep: "●", "not known": "?", "out of reach": "✕" };
const picked = { scenario: "same budget", change: "50" };

export const budget = {
  name: "budget",
  title: "Budget",
  show(told) {
    const { plan, response, tests } = told.tables;
    if (!response.records.length) return nothing("Nothing was ever spent, so there is no budget to split.");
    return [
      remark("info", "This is what was observed, not an experiment: where spend moved because demand did, a curve takes the one for the other. A channel whose curve cannot be told stays as it is."),
      planCard(plan),
      card({ title: "How channels answer to spend", note: "From the weeks of the last three years: leads are half of what they can be at the spend called half. Between the figures below it lie four cases in five.", answers: [response], wide: true }, curves(response)),
      card({ title: "What an experiment could tell", note: "Campaigns large enough: paused in half of their regions for so many weeks, it shows whether half of their leads are their own doing. First those of channels without a curve.", answers: [tests], wide: true }, tests.records.length ? large(tests) : nothing("No campaign brings 75 leads in a quarter: none is large enough for such an experiment.")),
    ];
  },
};

/** The plan of the budget and the bound chosen; both are among those that were worked out. */
function planCard(plan) {
  const scenarios = [...new Set(plan.records.map((record) => record.scenario))];
  const changes = [...new Set(plan.records.map((record) => String(record.most_change)))];
  if (!scenarios.includes(picked.scenario)) picked.scenario = "same budget";
  const place = el("div");
  const fill = () => {
    const records = plan.records.filter((record) => record.scenario === picked.scenario && String(record.most_change) === picked.change);
    place.replaceChildren(sentence(records[0]), split({ ...plan, records }));
  };
  const said = el("output", { for: "budget-scenario" }, picked.scenario);
  const slider = el("input", {
    id: "budget-scenario", type: "range", min: "0", max: String(scenarios.length - 1), step: "1", value: String(scenarios.indexOf(picked.scenario)), "aria-valuetext": picked.scenario,
    oninput: (event) => {
      picked.scenario = scenarios[Number(event.target.value)];
      event.target.setAttribute("aria-valuetext", picked.scenario);
      said.textContent = picked.scenario;
      fill();
    },
  });
  const bound = el("select", { id: "budget-change", onchange: (event) => { picked.change = event.target.value; fill(); } },
    changes.map((change) => el("option", { value: change, selected: change === picked.change }, `by ${change} % at most`)));
  fill();
  return card({ title: "Where the budget should go", note: "A month of the last 91 days' spend, and the won revenue that it brings in the end, not within the month. No channel is raised above its best four weeks. A larger budget is spent in full, even where one more euro brings less than one.", answers: [plan], wide: true },
    el("div", { class: "fields", id: "budget-choices" },
      el("label", { class: "field", for: "budget-scenario" }, el("span", null, "Budget"), slider, said),
      el("label", { class: "field", for: "budget-change" }, el("span", null, "A channel may change"), bound)),
    place);
}

function sentence(record) {
  return remark(record.verdict === "out of reach" ? "caution" : "info",
    el("span", { class: "stands", "data-verdict": record.verdict }, el("span", { "aria-hidden": "true" }, `${SIGNS[record.verdict]} `), record.verdict), ". ", outside(record.sentence));
}

function split(plan) {
  const told = (record, name) => figure(record[name], plan.column[name], { digits: 0 });
  return table(plan, {
    caption: "Where the budget should go",
    columns: [
      { name: "channel", cell: (record) => [outside(record.channel === "All" ? "All channels" : record.channel), record.channel === "All" ? unknownRevenue(plan) : null, record.why_not && el("span", { class: "sub" }, outside(`Stays: ${record.why_not}.`))] },
      { name: "present_spend_base", label: "Spend a month", digits: 0 },
      { name: "planned_spend_base", label: "Proposed", isNumeric: true, cell: (record) => [told(record, "planned_spend_base"), el("span", { class: "sub" }, by(record))] },
      { name: "present_revenue_base", label: "Brings", digits: 0 }, { name: "planned_revenue_base", label: "Would bring", digits: 0 },
      { name: "gain_base", label: "Gain", isNumeric: true, cell: (record) => (record.gain_base === null || record.chance === null ? "–" : [told(record, "gain_base"), el("span", { class: "sub" }, told(record, "gain_low_base"), " to ", told(record, "gain_high_base")), record.channel === "All" ? afterSpend(plan, record) : null]) },
      { name: "chance", label: "Above zero", digits: 0 },
    ],
  });
}

/** Whose revenue is missing from the sum, though their spend is in it. */
function unknownRevenue(plan) {
  const unknown = plan.records.filter((record) => record.channel !== "All" && record.present_revenue_base === null);
  return unknown.length ? el("span", { class: "sub" }, "The spend is of all; what it brings, without ", outside(unknown.map((record) => record.channel).join(", ")), ".") : null;
}

/** What the gain leaves once the change of the budget is paid. */
function afterSpend(plan, record) {
  const more = Number(record.planned_spend_base) - Number(record.present_spend_base);
  if (Math.abs(more) < 0.5) return null;
  const said = (value) => shown(String(value), plan.column.gain_base, { digits: 0 });
  return el("span", { class: "sub" }, more > 0 ? `for ${said(more)} more spend: ${said(Number(record.gain_base) - more)} left` : `and ${said(-more)} less spend: ${said(Number(record.gain_base) - more)} together`);
}

function by(record) {
  const present = Number(record.present_spend_base);
  if (!present) return "–";
  const share = Math.round(100 * (Number(record.planned_spend_base) / present - 1));
  return share ? `${share > 0 ? "+" : "−"}${Math.abs(share)} %` : "as it is";
}

function curves(response) {
  const told = (record, name) => figure(record[name], response.column[name], { digits: 0 });
  return table(response, {
    caption: "How channels answer to spend",
    columns: [
      { name: "channel", cell: (record) => [outside(record.channel), record.why_not && el("span", { class: "sub" }, outside(`Not known: ${record.why_not}.`))] },
      { name: "spend_day_base", label: "Spend a day", digits: 0 },
      { name: "most_spend_day_base", label: "Seen, four weeks", isNumeric: true, cell: (record) => (record.most_spend_day_base === null ? "–" : [told(record, "least_spend_day_base"), " to ", told(record, "most_spend_day_base")]) },
      { name: "leads_day", label: "Leads a day", digits: 1 },
      { name: "half_spend_day_base", label: "Half at", isNumeric: true, cell: (record) => (record.half_spend_day_base === null ? "–" : [told(record, "half_spend_day_base"), el("span", { class: "sub" }, told(record, "half_low_base"), " to ", told(record, "half_high_base"))]) },
      { name: "carry_over_days", label: "Half done after days", digits: 1 },
      { name: "revenue_per_lead_base", label: "Revenue a lead" }, { name: "next_return_base", label: "One more brings" },
    ],
  });
}

function large(tests) {
  return table(tests, {
    caption: "What an experiment could tell",
    columns: [
      { name: "campaign_name", label: "Campaign", cell: ({ platform, account_id, campaign_id, campaign_name, channel }) => [
        el("a", { class: "drill", href: link({ platform, account_id, campaign_id }, "channels") }, outside(campaign_name ?? campaign_id)),
        el("span", { class: "sub" }, outside([platformName(platform), channel].join(" · ")))] },
      { name: "leads", label: "Leads in 91 days" }, { name: "weeks_needed", label: "Weeks" },
      { name: "is_curve_known", label: "Curve", cell: (record) => (record.is_curve_known ? "known" : "not known") },
    ],
  });
}
