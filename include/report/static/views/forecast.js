// What the next twelve months will bring after what came, between which bounds, and how far off that
// has been.

import { card, nothing, remark } from "../card.js";
import { axis, chart } from "../charts.js";
import { el, name as outside } from "../element.js";
import { month, shortMonth, shown } from "../format.js";
import { figure, table } from "../table.js";

const METRICS = [["won_revenue", "Won revenue"], ["customers", "Customers"], ["opportunities", "Opportunities"], ["leads", "Leads"], ["spend", "Spend"]];
const METHODS = { seasonal_naive: "as a year before", smoothed: "level, trend and season", lag_completed: "what people and open deals bring yet" };

export const forecast = {
  name: "forecast",
  title: "Forecast",
  show(told) {
    const { months, past, channels } = told.tables;
    const of = (answer, metric) => answer.filter((record) => record.metric === metric);
    const known = months.records.filter((record) => record.forecast !== null);
    if (!known.length) {
      const [reason] = months.records;
      return nothing(reason ? `Nothing is forecast: ${reason.why_not}.` : "Nothing is known of this channel, so nothing is forecast.");
    }
    const one = told.chosen.channel;
    return [
      remark("info", "New business alone, by the month in which it happens. Between the bounds lie four months in five. Beside each month stands how far off such forecasts were, over the channels, tried on the past."),
      card({ title: one ? "The next twelve months" : "The next twelve months by channel", note: "Without the month under way. Bounds of months do not add up to bounds of a year: how sure each month is, and how far off such forecasts were, stands below, month by month.", answers: [channels], wide: true }, sums(channels)),
      ...METRICS.map(([metric, title]) => course(title, metric, months, past, of(known, metric), of(past.records, metric), told.reporting_currency)),
    ];
  },
};

function sums(channels) {
  return table(channels, {
    caption: "The next twelve months by channel",
    columns: [
      { name: "channel", cell: (record) => outside(record.channel === "All" ? "All channels" : record.channel) },
      { name: "leads", digits: 0 }, { name: "opportunities", digits: 0 }, { name: "customers", digits: 1 },
      { name: "won_revenue_base", label: "Won revenue", digits: 0, bar: true }, { name: "spend_base", label: "Spend", digits: 0 },
    ],
  });
}

function course(title, metric, answer, past, own, came, currency) {
  if (!own.length) return null;
  const isMoney = metric === "won_revenue" || metric === "spend";
  const unit = isMoney ? { kind: "money", unit: currency } : { kind: "number" };
  const how = { digits: isMoney ? 0 : 1, symbol: true };
  const amount = (value) => shown(value, unit, how);
  const exactly = (record, name) => figure(record[name], { ...unit, name }, { ...how, digits: name === "actual" && !isMoney ? 0 : how.digits });
  const first = own.find((record) => Number(record.horizon) === 2) ?? own[0];
  const months = [...came, ...own];
  const ahead = (value) => [...came.map(() => null), ...own.map(value)];
  const said = (record) => (record.actual === undefined
    ? [month(record.month), amount(record.forecast), `${amount(record.forecast_low)} to ${amount(record.forecast_high)}`, `Such forecasts were ${shown(record.wape, answer.column.wape, { digits: 0 })} off`]
    : [month(record.month), `${amount(record.actual)} came`]).join("\n");
  const { png, node } = chart({
    title, height: 240,
    says: `${title} by month: ${came.length} months that are over, and what is forecast. ${month(first.month)}: ${amount(first.forecast)}, between ${amount(first.forecast_low)} and ${amount(first.forecast_high)}.`,
    draw: (colours) => ({
      grid: { left: 24, right: 24, top: 14, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis", formatter: ([mark]) => said(months[mark.dataIndex]) },
      xAxis: axis(colours, { type: "category", data: months.map((record) => shortMonth(record.month)), splitLine: { show: false } }),
      yAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), { kind: "number" }, { short: true }) } }),
      series: [
        { name: "At least", type: "line", stack: "between", showSymbol: false, lineStyle: { opacity: 0 }, data: ahead((record) => Number(record.forecast_low)), itemStyle: { color: colours.soft } },
        { name: "At most", type: "line", stack: "between", showSymbol: false, lineStyle: { opacity: 0 }, areaStyle: { color: colours.series[0], opacity: 0.18 }, data: ahead((record) => Number(record.forecast_high) - Number(record.forecast_low)), itemStyle: { color: colours.soft } },
        { name: "Came", type: "line", showSymbol: false, data: came.map((record) => Number(record.actual)), itemStyle: { color: colours.soft }, lineStyle: { width: 2 } },
        { name: "Forecast", type: "line", showSymbol: true, data: ahead((record) => Number(record.forecast)), itemStyle: { color: colours.series[0] } },
      ],
    }),
  });
  return card({ title, note: `Grey is what came; blue, between its bounds, is forecast by ${METHODS[own[0].method]}, the method that was least off.`, answers: [answer, past], tools: [png], wide: metric === METRICS.at(-1)[0] }, node,
    el("details", { class: "rows" }, el("summary", null, "Month by month"), table({ ...answer, records: own.map((record) => ({ ...record })) }, {
      caption: `${title} forecast by month`,
      columns: [
        { name: "month", cell: (record) => month(record.month) },
        { name: "forecast", label: "Forecast", isNumeric: true, cell: (record) => [exactly(record, "forecast"), el("span", { class: "sub" }, exactly(record, "forecast_low"), " to ", exactly(record, "forecast_high"))] },
        { name: "wape", label: "Off by, over channels", digits: 0 },
      ],
    }), table({ ...past, records: came.map((record) => ({ ...record })).reverse() }, {
      caption: `${title} that came, by month`,
      columns: [
        { name: "month", cell: (record) => month(record.month) },
        { name: "actual", label: "Came", isNumeric: true, cell: (record) => exactly(record, "actual") },
      ],
    })));
}
