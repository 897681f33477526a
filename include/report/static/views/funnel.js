// How do people become customers, where do they stay behind, and how long does it take?

import { card, remark } from "../card.js";
import { axis, chart, legend } from "../charts.js";
import { cohortMonth, comparison } from "../comparison.js";
import { el, name as outside } from "../element.js";
import { empty } from "../empty.js";
import { isNumeric, month, plainNumber, shortMonth, shown } from "../format.js";
import { link } from "../state.js";
import { figure, table } from "../table.js";
import { standing } from "./goals.js";
import { rows } from "./overview.js";

const STAGES = ["visitors", "leads", "mqls", "sqls", "opportunities", "customers"];

export const funnel = {
  name: "funnel",
  title: "Funnel",
  show(told, context) {
    const { total, channels, months, goals, typical } = told.tables;
    const [now] = total.records;
    if (!now || !Number(now.leads)) return empty("Nobody came", told, context);
    const compared = comparison(told);
    return [
      now.visitors === null || now.visitors === undefined ? remark("info", "How many visitors came is not known for this choice: where no source counts visits, the funnel begins with leads.") : null,
      stages(total, now, typical.records[0]),
      goals.records.length ? standing(goals, "Against the goals", "A goal counts what happens on its days, whenever the first touch was; so these are not the figures above. ") : null,
      trend(months, compared), byChannel(channels, now, compared),
    ];
  },
};

// What they count here, where a deal or a company would be thought of.
const PEOPLE = { opportunities: "People on a deal", customers: "People on a deal won" };

const ONE = { visitors: "visitor", leads: "lead", mqls: "mql", sqls: "sql", opportunities: "opportunity", customers: "customer" };

/** The rate by which a stage is reached from the one before, and that stage. */
function rateOf(answer, stage, record) {
  const from = STAGES[STAGES.indexOf(stage) - 1];
  const value = record[`${ONE[from]}_to_${ONE[stage]}_rate`];
  return value === null || value === undefined ? null : { text: shown(value, answer.column[`${ONE[from]}_to_${ONE[stage]}_rate`], { digits: 1 }), from };
}

/** Days of a step; many steps are taken within the day. */
function took(count) {
  return count < 1 ? "the same day" : `${plainNumber(count)} ${Math.round(count) === 1 ? "day" : "days"}`;
}

/** "Lead to MQL rate" as a head of a narrow column. */
function brief(label) {
  return label.replace(/ rate$/, "").replace(/^Median days /, "Days ").replace(" to ", " → ");
}

/** A rate; one over the whole means that the stage before was passed over, so how far is no matter. */
function rateCell(value, column) {
  const rate = figure(value, column, { digits: 1 });
  if (Number(value) > 1) rate.textContent = `over ${shown("1", column, { digits: 0 })}`;
  return rate;
}

function rates(answer) {
  return answer.columns.filter((column) => (column.kind === "percent" || column.name.includes("days")) && isNumeric(column) && answer.records.some((record) => record[column.name] !== null));
}

function stages(answer, now, typical) {
  const known = STAGES.filter((stage) => now[stage] !== null && now[stage] !== undefined);
  const most = Math.max(...known.map((stage) => Number(now[stage])), 1);
  const steps = known.map((stage, i) => {
    const rate = i ? rateOf(answer, stage, now) : null;
    const bar = el("span", { class: "flow" });
    bar.style.setProperty("--part", `${Math.max(0.6, (100 * Number(now[stage])) / most)}%`);
    return el("li", null, el("span", { class: "stage" }, PEOPLE[stage] ?? answer.column[stage].label), bar,
      el("data", { value: String(now[stage]), "data-figure": stage }, shown(now[stage], answer.column[stage])),
      el("span", { class: "rate" }, rate ? `${rate.text} of ${PEOPLE[rate.from] ?? answer.column[rate.from].label}` : i ? "" : "all who came"));
  });
  const days = answer.columns.filter((column) => column.name.includes("days") && isNumeric(column));
  return card({ title: "From first touch to customer", note: "People by the month of their first touch, each counted once at every stage reached so far. On a deal means people, on deals of any type; elsewhere opportunities are deals and customers companies, of new business alone. More than 100 % means that deals were opened past the stage before.", answers: [answer], wide: true },
    el("ol", { class: "stages" }, steps),
    days.length ? el("dl", { class: "facts" }, days.map((column) => el("div", null, el("dt", { title: column.meaning }, column.label),
      el("dd", null, now[column.name] === null ? "–" : took(Number(now[column.name])))))) : null,
    typical ? el("p", { class: "verdict" }, el("strong", null, `From first touch to customer: half of the deals take at most ${plainNumber(typical.days_touch_to_close_p50)} days, nine of ten at most ${plainNumber(typical.days_touch_to_close_p90)}.`), " Of all months and channels; ",
      el("a", { href: link({}, "cohorts") }, "by cohort"), ".") : null,
    days.length ? el("p", { class: "note" }, "The days of a step are the middle of those who took it, so they do not add up.") : null);
}

function trend(answer, compared) {
  const records = answer.records;
  const rates = answer.columns.filter((column) => column.kind === "percent" && records.some((record) => record[column.name] !== null));
  if (!records.length || !rates.length) return null;
  const { png, node } = chart({
    title: "Rates from stage to stage, by month", height: 300,
    says: `${rates.length} rates over ${records.length} months of first touch.`,
    draw: (colours) => ({
      legend: legend(colours),
      grid: { left: 4, right: 10, top: 34, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis", formatter: (marks) => [month(records[marks[0].dataIndex].cohort_month), ...rates.map((rate) => `${brief(rate.label)}  ${shown(records[marks[0].dataIndex][rate.name], rate, { digits: 1 })}`)].join("\n") },
      xAxis: axis(colours, { type: "category", data: records.map((record) => `${shortMonth(record.cohort_month)}${compared.isYoung(record.cohort_month) ? " ◔" : ""}`), splitLine: { show: false } }),
      yAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), rates[0], { digits: 0 }) } }),
      series: rates.map((rate, i) => ({
        name: brief(rate.label), type: "line", symbol: ["circle", "diamond", "triangle", "rect", "emptyCircle"][i % 5], symbolSize: 6,
        data: records.map((record) => (record[rate.name] === null ? null : Number(record[rate.name]))), itemStyle: { color: colours.series[i % 8] },
      })),
    }),
  });
  return card({ title: "Rates from stage to stage", note: "By month of first touch; those too early to judge (◔) still rise.", answers: [answer], wide: true, tools: [png] },
    node, rows("These months as a table", () => table(answer, { caption: "Funnel by month", columns: [cohortMonth(compared), ...STAGES.map((stage) => (PEOPLE[stage] ? { name: stage, label: PEOPLE[stage] } : stage)), ...rates.map((rate) => rate.name)] })));
}

function byChannel(answer, now, compared) {
  const extra = rates(answer);
  const counted = STAGES.filter((stage) => answer.records.some((record) => record[stage] !== null));
  return card({ title: "By channel", answers: [answer], wide: true }, table(answer, {
    caption: "Funnel by channel", compared, total: { ...now, channel: "All channels", isTotal: true },
    columns: [
      { name: "channel", cell: (record) => (record.isTotal ? "All channels" : el("a", { class: "drill", href: link({ channel: record.channel }) }, outside(record.channel))) },
      ...counted.map((stage) => ({ name: stage, bar: stage === "leads", ...(PEOPLE[stage] ? { label: PEOPLE[stage] } : {}) })),
      ...extra.map((column) => ({ name: column.name, label: brief(column.label), digits: column.kind === "percent" ? 1 : 0, ...(column.kind === "percent" ? { cell: (record) => rateCell(record[column.name], column) } : {}) })),
    ],
  }));
}

