// How would another way of sharing credit tell it? First touch beside the others, largest differences first.

import { campaignName, isCampaign, origin } from "../campaign.js";
import { card, nothing } from "../card.js";
import { axis, chart, legend, room, short } from "../charts.js";
import { modelName, platformName } from "../choices.js";
import { comparison, earlyRemark } from "../comparison.js";
import { el, name as outside } from "../element.js";
import { empty } from "../empty.js";
import { shown } from "../format.js";
import { go, link } from "../state.js";
import { table } from "../table.js";

const MOVERS = 12;
const letters = () => (innerWidth > 760 ? 40 : 16);

export const models = {
  name: "models",
  title: "Models",
  show(told, context) {
    const { channels, campaigns } = told.tables;
    const known = [...new Set(channels.records.map((record) => record.model))];
    if (!channels.records.length) return empty("No deal is credited to anybody who came", told, context);
    const others = known.filter((model) => model !== "first_touch");
    const beside = others.includes(told.chosen.model) ? told.chosen.model : others.includes("linear") ? "linear" : others[0];
    const compared = comparison(told);
    return [side(others, beside), earlyRemark(compared), movers(campaigns, beside), grid(channels, known, compared), list(campaigns, beside, compared)];
  },
};

function side(others, beside) {
  return el("div", { class: "beside" }, el("label", { for: "beside" }, "First touch beside"),
    el("select", { id: "beside", onchange: (event) => go({ model: event.target.value }) },
      others.map((model) => el("option", { value: model, selected: model === beside }, modelName(model)))));
}

/** A campaign's name with its network: several networks may have one of that name. */
function label(record) {
  return isCampaign(record) ? `${campaignName(record)} · ${platformName(record.platform)}` : campaignName(record);
}

function movers(answer, beside) {
  const own = answer.records.filter((record) => record.model === beside);
  const most = own.filter((record) => Number(record.first_touch_difference) !== 0)
    .sort((a, b) => Math.abs(Number(b.first_touch_difference)) - Math.abs(Number(a.first_touch_difference))).slice(0, MOVERS);
  const title = `${modelName(beside)} against first touch`;
  if (!most.length) return card({ title, answers: [answer], wide: true }, nothing("Both models credit every campaign with the same."));
  const { column } = answer;
  const { png, node } = chart({
    title: `Largest differences: ${title}`, height: most.length * 30 + 60,
    says: `The ${most.length} campaigns whose won revenue differs most. Largest: ${label(most[0])}, ${shown(most[0].first_touch_difference, column.first_touch_difference, { symbol: true })}.`,
    draw: (colours) => ({
      legend: legend(colours, { data: [modelName("first_touch"), modelName(beside)], icon: "circle" }),
      grid: { left: room(most.map((record) => short(label(record), letters()))), right: 24, top: 34, bottom: 26 },
      tooltip: {
        formatter: ({ dataIndex }) => [short(campaignName(most[dataIndex]), 60), short(origin(most[dataIndex]), 60), `${modelName("first_touch")}  ${shown(most[dataIndex].first_touch_won_revenue, column.won_revenue, { symbol: true })}`,
          `${modelName(beside)}  ${shown(most[dataIndex].won_revenue, column.won_revenue, { symbol: true })}`, `Difference  ${shown(most[dataIndex].first_touch_difference, column.won_revenue, { symbol: true })}`].join("\n"),
      },
      xAxis: axis(colours, { type: "value", scale: true, axisLabel: { formatter: (value) => shown(String(value), column.won_revenue, { short: true }) } }),
      yAxis: axis(colours, { type: "category", inverse: true, data: most.map(label), axisLabel: { color: colours.ink, hideOverlap: false, formatter: (text) => short(text, letters()) } }),
      series: [
        {
          type: "custom", silent: true, data: most.map((record, i) => [i, Number(record.first_touch_won_revenue), Number(record.won_revenue)]),
          encode: { x: [1, 2], y: 0 },
          renderItem: (_, api) => {
            const [from, to] = [api.coord([api.value(1), api.value(0)]), api.coord([api.value(2), api.value(0)])];
            return { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style: { stroke: api.value(2) >= api.value(1) ? colours.series[1] : colours.series[4], lineWidth: 3, opacity: 0.55 } };
          },
        },
        { name: modelName("first_touch"), type: "scatter", symbolSize: 11, itemStyle: { color: colours.surface, borderColor: colours.soft, borderWidth: 2 }, data: most.map((record, i) => [Number(record.first_touch_won_revenue), i]) },
        { name: modelName(beside), type: "scatter", symbol: "diamond", symbolSize: 13, itemStyle: { color: colours.series[0] }, data: most.map((record, i) => [Number(record.won_revenue), i]) },
      ],
    }),
  });
  return card({ title, note: "The campaigns whose won revenue differs most. Both models share out the same deals: what one gains another loses.", answers: [answer], wide: true, tools: [png] }, node);
}

/** Channels down, models across: won revenue under each. */
function grid(answer, known, compared) {
  const names = [...new Set(answer.records.map((record) => record.channel))];
  const of = new Map(answer.records.map((record) => [`${record.channel} ${record.model}`, record]));
  const wide = {
    ...answer, name: "channels", column: { channel: answer.column.channel },
    records: names.map((channel) => ({ channel, ...Object.fromEntries(known.map((model) => [model, of.get(`${channel} ${model}`)?.won_revenue ?? "0"])) })),
  };
  wide.records.sort((a, b) => Number(b.first_touch) - Number(a.first_touch));
  for (const model of known) wide.column[model] = { ...answer.column.won_revenue, name: model, label: modelName(model) };
  return card({ title: "Won revenue by channel under each model", answers: [answer], wide: true }, table(wide, {
    caption: "Won revenue by channel and model", compared,
    columns: [{ name: "channel", cell: (record) => el("a", { class: "drill", href: link({ channel: record.channel }) }, outside(record.channel)) }, ...known],
  }));
}

function list(answer, beside, compared) {
  const own = { ...answer, records: answer.records.filter((record) => record.model === beside) };
  return card({ title: "Campaigns", note: `${modelName(beside)} beside first touch.`, answers: [answer], wide: true }, table(own, {
    caption: "Campaigns", compared, columns: [
      { name: "campaign_name", label: "Campaign", cell: (record) => [outside(campaignName(record)), isCampaign(record) && record.account_name ? el("span", { class: "sub" }, outside(record.account_name)) : null] },
      { name: "platform", label: "Network", cell: (record) => outside(platformName(record.platform)) }, "channel",
      { name: "first_touch_won_revenue", label: "First touch", bar: true }, { name: "won_revenue", label: modelName(beside), bar: true }, { name: "first_touch_difference", label: "Difference" }, { name: "deals", label: "Deals" }, "open_pipeline",
    ],
  }));
}

