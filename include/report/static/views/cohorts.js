// What has each month's spend brought since: revenue by months since the first touch, break-even.

import { card, remark } from "../card.js";
import { axis, chart, legend } from "../charts.js";
import { tooEarly } from "../comparison.js";
import { el } from "../element.js";
import { empty } from "../empty.js";
import { month, plainNumber, shortMonth, shown } from "../format.js";
import { table } from "../table.js";
import { rows } from "./overview.js";

const LINES = 12; // more cannot be told apart

export const cohorts = {
  name: "cohorts",
  title: "Cohorts",
  show(told, context) {
    const { cohorts: every, revenue, typical } = told.tables;
    if (!every.records.length) return empty("Nothing was spent and nobody came", told, context);
    const young = new Set(every.records.filter((record) => record.is_too_early).map((record) => record.cohort_month));
    return [explained(typical.records[0], young), heat(every, revenue, young), lines(every, revenue, young), list(every, revenue)];
  },
};

function explained(typical, young) {
  const [median, p90] = [typical?.days_touch_to_close_p50, typical?.days_touch_to_close_p90];
  if (median === null || median === undefined) return remark("info", "No deal of this choice is won yet, so how long deals take is not known.");
  return remark(young.size ? "caution" : "info",
    `From first touch to purchase half of the deals take at most ${plainNumber(median)} days, nine of ten at most ${plainNumber(p90)}. A cohort is old enough once its last day is that long ago. `,
    young.size ? `${young.size} ${young.size === 1 ? "cohort is" : "cohorts are"} younger than that, marked “too early”: hold them against the earlier cohorts at the same age, in the table below, not by their return yet.` : "");
}

function heat(every, revenue, young) {
  const months = every.records.map((record) => record.cohort_month);
  const known = revenue.records.filter((record) => months.includes(record.cohort_month));
  const furthest = Math.max(...known.map((record) => Number(record.months_since)), 0);
  const share = revenue.column.share_of_spend;
  const back = new Set(months.map((one) => known.find((record) => record.cohort_month === one && Number(record.share_of_spend) >= 1)));
  const of = new Map(known.map((record) => [`${record.cohort_month} ${record.months_since}`, record]));
  const { png, node } = chart({
    title: "Share of its spend that each cohort has brought back", height: Math.max(160, Math.min(760, months.length * 24 + 70)),
    says: `A grid of ${months.length} cohorts by months since the first touch; each cell is won revenue so far per spend. 100 percent is break-even.`,
    draw: (colours) => ({
      grid: { left: 10, right: 8, top: 22, bottom: 40, containLabel: true },
      tooltip: {
        formatter: ({ value }) => {
          const record = of.get(`${months[value[1]]} ${value[0]}`);
          return [`${month(months[value[1]])}${young.has(months[value[1]]) ? ", too early" : ""}, ${record.months_since} months on`,
            ...["won_revenue", "cumulative_won_revenue", "share_of_spend", ...(Number(record.earlier_cohorts) ? ["earlier_share_of_spend"] : [])].map((name) => `${revenue.column[name].label}  ${shown(record[name], revenue.column[name], { symbol: true })}`)].join("\n");
        },
      },
      xAxis: axis(colours, { type: "category", position: "top", name: "", data: Array.from({ length: furthest + 1 }, (_, i) => String(i)), splitLine: { show: false } }),
      yAxis: axis(colours, { type: "category", inverse: true, data: months.map((one) => `${shortMonth(one)}${young.has(one) ? " ◔" : ""}`), axisLabel: { color: colours.ink, hideOverlap: false }, splitLine: { show: false } }),
      visualMap: {
        min: 0, max: 2, calculable: false, orient: "horizontal", left: 0, bottom: 0, itemHeight: 120, itemWidth: 10, precision: 1,
        text: ["200 % and more", "0 %"], textStyle: { color: colours.soft, fontSize: 11 }, inRange: { color: colours.heat }, dimension: 2,
      },
      series: [{
        type: "heatmap",
        data: known.filter((record) => record.share_of_spend !== null).sort((a, b) => back.has(a) - back.has(b)).map((record) => ({
          itemStyle: back.has(record) ? { borderColor: colours.ink, borderWidth: 2 } : {},
          value: [Number(record.months_since), months.indexOf(record.cohort_month), Number(record.share_of_spend)],
          label: { color: Number(record.share_of_spend) > (colours.isDark ? 1.2 : 1.55) ? colours.surface : colours.ink },
        })),
        label: {
          show: furthest < 26 && innerWidth > 760, fontSize: 10, formatter: ({ value }) => shown(String(value[2]), share, { digits: 0 }).replace(/\s?%/, ""),
        },
        itemStyle: { borderColor: colours.surface, borderWidth: 1 },
      }],
    }),
  });
  return card({ title: "Share of its spend that each cohort has brought back", note: "A line is a cohort (month of first touch), a column the months since; in percent of what was spent on it. All channels' revenue counts, those without spend too: choose a channel to see what its own spend brought back. 100 is break-even, framed where it was first reached. ◔ marks a cohort too early to judge.", answers: [revenue], wide: true, tools: [png] },
    node, rows("This grid as a table", () => table(revenue, { caption: "Revenue by months since the first touch", columns: ["cohort_month", "months_since", "won_revenue", "cumulative_won_revenue", "share_of_spend", "earlier_cohorts", "earlier_share_of_spend"] })));
}

function lines(every, revenue, young) {
  const months = every.records.map((record) => record.cohort_month).slice(-LINES);
  const { column } = revenue;
  const furthest = Math.max(...revenue.records.filter((record) => months.includes(record.cohort_month)).map((record) => Number(record.months_since)), 1);
  const { png, node } = chart({
    title: "Won revenue so far, by cohort", height: 320,
    says: `Cumulative won revenue of the ${months.length} latest cohorts of the choice by months since the first touch.`,
    draw: (colours) => ({
      legend: legend(colours, { data: months.map(month) }),
      grid: { left: 10, right: 58, top: 34, bottom: 24, containLabel: true },
      tooltip: {
        formatter: ({ seriesName, data }) => [seriesName, `${data.record.months_since} months on`, ...["cumulative_won_revenue", "share_of_spend"].map((name) => `${column[name].label}  ${shown(data.record[name], column[name], { symbol: true })}`)].join("\n"),
      },
      xAxis: axis(colours, { type: "value", min: 0, max: furthest, minInterval: 1, name: "months since the first touch", nameLocation: "middle", nameGap: 24, splitLine: { show: false } }),
      yAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), column.won_revenue, { short: true }) } }),
      series: months.map((one, i) => ({
        name: month(one), type: "line", symbolSize: 5, showSymbol: true,
        lineStyle: { width: 2, type: young.has(one) ? "dashed" : "solid" },
        itemStyle: { color: colours.series[i % colours.series.length] },
        symbol: i < colours.series.length ? "circle" : "triangle",
        endLabel: { show: one < months.at(-1), formatter: () => shortMonth(one), color: "inherit", fontSize: 11 },
        labelLayout: { hideOverlap: true },
        data: revenue.records.filter((record) => record.cohort_month === one).map((record) => ({ value: [Number(record.months_since), Number(record.cumulative_won_revenue)], record })),
      })),
    }),
  });
  return card({ title: "Won revenue so far", note: `The ${months.length} latest cohorts of the choice; those too early are dashed.`, answers: [revenue], wide: true, tools: [png] }, node);
}

/** The last whole month of each cohort, beside what the cohorts before it had brought by then. */
function atEqualAge(revenue) {
  const found = new Map();
  for (const record of revenue.records) {
    if (Number(record.earlier_cohorts) && record.share_of_spend !== null && record.earlier_share_of_spend !== null) found.set(record.cohort_month, record);
  }
  return found;
}

function besideEarlier(record, revenue) {
  if (!record) return el("span", { class: "sub" }, "none to compare with");
  const [own, earlier] = [record.share_of_spend, record.earlier_share_of_spend];
  const word = Number(own) > Number(earlier) ? "▲ ahead" : Number(own) < Number(earlier) ? "▼ behind" : "level";
  const percent = (value) => shown(value, revenue.column.share_of_spend, { digits: 0 });
  return [`${word}: ${percent(own)} against ${percent(earlier)}`,
    el("span", { class: "sub" }, `after ${plainNumber(record.months_since)} ${Number(record.months_since) === 1 ? "month" : "months"}; ${plainNumber(record.earlier_cohorts)} earlier`)];
}

function list(every, revenue) {
  const aged = atEqualAge(revenue);
  return card({ title: "Cohorts", answers: [every], wide: true }, table(every, {
    caption: "Cohorts", sort: { by: "cohort_month", down: true }, mark: (record) => record.is_too_early && "young",
    columns: [
      { name: "cohort_month", cell: (record) => [month(record.cohort_month), " ", record.is_too_early ? tooEarly() : null] },
      { name: "spend", bar: true }, "leads", "opportunities", "customers", { name: "won_revenue", bar: true }, "open_pipeline", "roi",
      { name: "break_even_months", label: "Break-even after", isNumeric: true, cell: (record) => (record.break_even_months === null ? el("span", { class: "sub" }, Number(record.spend) > 0 ? "not yet" : "no spend") : `${plainNumber(record.break_even_months)} ${Number(record.break_even_months) === 1 ? "month" : "months"}`) },
      { name: "at_equal_age", long: true, label: "At equal age, share of spend", cell: (record) => besideEarlier(aged.get(record.cohort_month), revenue) },
      { name: "age_days", label: "Age in days" },
    ],
  }));
}
