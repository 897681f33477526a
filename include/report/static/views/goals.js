// Are the goals being reached, where will they land, and what would those of revenue take?

import { card, nothing, remark } from "../card.js";
import { axis, chart, legend } from "../charts.js";
import { el, name as outside } from "../element.js";
import { day, shown } from "../format.js";
import { figure, table } from "../table.js";

const MOST_CHARTS = 6;
const SIGNS = { "on course": "▲", reached: "✓", kept: "✓", behind: "▼", over: "▲", missed: "✕", exceeded: "✕", "to come": "…", unknown: "?" };
const METRICS = { won_revenue: "Won revenue", mqls: "MQLs", sqls: "SQLs" };

export const goals = {
  name: "goals",
  title: "Goals",
  show(told) {
    const { goals: every, days, plan } = told.tables;
    if (!every.records.length) return nothing(told.chosen.channel ? "No goal is set for this channel or for all." : "No goal is set. Goals stand in the seed goals.csv: metric, channel, period and value.");
    return [standing(every, "Goals"), ...courses(every, days), planned(plan)];
  },
};

/** What a goal is of: "Won revenue, all channels". */
function named(record) {
  const metric = METRICS[record.metric] ?? record.metric.charAt(0).toUpperCase() + record.metric.slice(1);
  return `${metric}, ${record.channel === "All" ? "all channels" : record.channel}`;
}

function spanned(record) {
  return `${record.period} from ${day(record.first_day)}`;
}

/** In the unit of its goal: money in its currency, else a number. */
function unit(record) {
  return record.currency_code ? { kind: "money", unit: record.currency_code } : { kind: "number" };
}

/** What is counted in hundreds has no use of tenths. */
function how(value, record) {
  return record.currency_code || Math.abs(Number(value)) < 100 ? { symbol: true } : { digits: 0 };
}

function amount(value, record) {
  return shown(value, unit(record), how(value, record));
}

/** A figure of a goal, with the exact value underneath. */
function exactly(name, record) {
  return figure(record[name], { ...unit(record), name }, how(record[name], record));
}

/** How goals stand, as a card; ``before`` stands before what is said of every goal. */
export function standing(every, title, before = "") {
  const told = (name, label) => ({ name, label, isNumeric: true, cell: (record) => exactly(name, record) });
  return card({ title, note: `${before}Due is an even part of the goal by day. Landing is what is there and, for each day left, the mean of the last 91 days; four landings in five lie between the figures below it.`, answers: [every], wide: true },
    table(every, {
      caption: title,
      columns: [
        { name: "metric", label: "Goal", cell: (record) => [outside(named(record)), el("span", { class: "sub" }, spanned(record))] },
        { name: "verdict", label: "Stands", cell: (record) => el("span", { class: "stands", "data-verdict": record.verdict }, el("span", { "aria-hidden": "true" }, `${SIGNS[record.verdict]} `), record.verdict) },
        told("value", "Goal of the period"), told("target_to_date", "Due so far"), told("actual_to_date", "Reached so far"),
        told("target_month_to_date", "Due this month"), told("actual_month_to_date", "Reached this month"),
        { name: "projected_landing", label: "Landing", isNumeric: true, cell: (record) => (record.projected_landing === null ? "–" : [exactly("projected_landing", record), el("span", { class: "sub" }, exactly("projected_low", record), " to ", exactly("projected_high", record))]) },
        { name: "date_day", label: "As of" },
      ],
    }));
}

function courses(every, days) {
  const running = every.records.filter((record) => days.records.some((one) => isOf(record, one)));
  return running.slice(0, MOST_CHARTS).map((record) => course(record, days));
}

function isOf(record, one) {
  return ["metric", "channel", "period", "first_day"].every((name) => record[name] === one[name]);
}

function course(record, days) {
  const own = days.records.filter((one) => isOf(record, one));
  const title = `${named(record)}: ${spanned(record)}`;
  const { png, node } = chart({
    title, height: 240,
    says: `Due and reached by day. Reached on ${day(record.date_day)}: ${amount(record.actual_to_date, record)} of ${amount(record.target_to_date, record)} due; ${record.verdict}.`,
    draw: (colours) => ({
      legend: legend(colours),
      grid: { left: 24, right: 24, top: 34, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis", formatter: ([mark]) => [day(own[mark.dataIndex].date_day), `Due  ${amount(own[mark.dataIndex].target_to_date, record)}`, `Reached  ${amount(own[mark.dataIndex].actual_to_date, record)}`].join("\n") },
      xAxis: axis(colours, { type: "category", data: own.map((one) => day(one.date_day)), splitLine: { show: false } }),
      yAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), { kind: "number" }, { short: true }) } }),
      series: [
        { name: "Due", type: "line", showSymbol: false, lineStyle: { type: "dashed" }, data: own.map((one) => Number(one.target_to_date)), itemStyle: { color: colours.soft } },
        { name: "Reached", type: "line", showSymbol: false, data: own.map((one) => (one.actual_to_date === null ? null : Number(one.actual_to_date))), itemStyle: { color: colours.series[0] } },
      ],
    }),
  });
  return card({ title, answers: [days], tools: [png] }, node);
}

function planned(plan) {
  if (!plan.records.length) return null;
  const sentences = [...new Map(plan.records.map((record) => [record.sentence, record])).values()];
  return card({ title: "What the goals of revenue take", note: "What cohorts old enough to judge took, as often as the goal holds their revenue: the same channels at the same rates. It takes every further euro to bring what those before did.", answers: [plan], wide: true },
    sentences.map((record) => remark({ supported: "info", "beyond history": "caution" }[record.verdict] ?? (record.verdict === "not supported" ? "alarm" : "info"), outside(record.sentence))),
    table(plan, {
      caption: "What the goals of revenue take",
      columns: [
        { name: "planned_channel", label: "Channel", cell: (record) => [outside(record.planned_channel === "All" ? "All channels" : record.planned_channel), el("span", { class: "sub" }, outside(`${named({ ...record, metric: "won_revenue" })}, ${spanned(record)}`))] },
        { name: "needed_revenue_base", label: "Revenue" }, { name: "needed_spend_base", label: "Budget", isNumeric: true, cell: (record) => between(plan, record, "needed_spend", "_base") },
        plan.records.some((record) => record.needed_visitors !== null) ? { name: "needed_visitors", label: "Visitors" } : null, { name: "needed_leads", label: "Leads", isNumeric: true, cell: (record) => between(plan, record, "needed_leads", "") },
        { name: "needed_mqls", label: "MQLs" }, { name: "needed_sqls", label: "SQLs" }, { name: "needed_opportunities", label: "Opportunities" }, { name: "needed_customers", label: "Customers" }, { name: "median_days", label: "Days to close, half of deals", digits: 0 },
      ].filter(Boolean),
    }));
}

function between(plan, record, name, ending) {
  const [value, low, high] = ["", "_low", "_high"].map((end) => {
    const of = `${name}${end}${ending}`;
    return record[of] === null ? null : figure(record[of], plan.column[of]);
  });
  if (value === null) return "–";
  return [value, low === null || Number(high.value) === 0 ? null : el("span", { class: "sub" }, low, " to ", high)];
}
