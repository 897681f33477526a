// What could the books not place, in money, and what would mend it?

import { card, nothing, remark } from "../card.js";
import { axis, chart, legend, room, short } from "../charts.js";
import { platformName } from "../choices.js";
import { el, name as outside } from "../element.js";
import { empty } from "../empty.js";
import { plainNumber, shown } from "../format.js";
import { link } from "../state.js";
import { table } from "../table.js";

const letters = () => (innerWidth > 760 ? 34 : 18);

export const unplaced = {
  name: "unplaced",
  title: "Unattributed",
  show(told, context) {
    const { findings, tags, deals, gaps, unpriced } = told.tables;
    if (![findings, tags, deals, gaps, unpriced].some((answer) => answer?.records.length)) return empty("Nothing stands unplaced", told, context);
    return [
      unpriced?.records.length ? unpricedCard(unpriced) : null,
      findingsCard(findings), tagsCard(tags), dealsCard(deals), gapsCard(gaps),
    ];
  },
};

function words(text) {
  const said = String(text ?? "–").replaceAll("_", " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function findingsCard(findings) {
  const records = findings.records;
  if (!records.length) return card({ title: "What could not be placed", answers: [findings], wide: true }, nothing("Nothing of this choice stands unplaced."));
  const { column } = findings;
  const money = [["spend_base", "Spend"], ["won_revenue_base", "Won revenue"], ["open_pipeline_base", "Open pipeline"]];
  const weighty = records.filter((record) => money.some(([of]) => Number(record[of]) > 0)).slice(0, 10);
  const { png, node } = chart({
    title: "What could not be placed, in money", height: weighty.length * 34 + 50,
    says: `${weighty.length} findings by money. Largest: ${words(weighty[0]?.finding)}.`,
    draw: (colours) => ({
      legend: legend(colours), grid: { left: room(weighty.map((record) => short(words(record.finding), letters()))), right: 16, top: 34, bottom: 26 },
      tooltip: { trigger: "axis", axisPointer: { type: "none" }, formatter: ([mark]) => [words(weighty[mark.dataIndex].finding), ...money.map(([of, label]) => `${label}  ${shown(weighty[mark.dataIndex][of], column[of], { symbol: true })}`)].join("\n") },
      xAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), column.spend_base, { short: true }) } }),
      yAxis: axis(colours, { type: "category", inverse: true, data: weighty.map((record) => words(record.finding)), axisLabel: { color: colours.ink, hideOverlap: false, formatter: (text) => short(text, letters()) } }),
      series: money.map(([of, label], i) => ({ name: label, type: "bar", stack: "money", barMaxWidth: 18, data: weighty.map((record) => Number(record[of] ?? 0)), itemStyle: { color: [colours.series[7], colours.series[1], colours.series[1]][i], opacity: i === 2 ? 0.32 : 1 } })),
    }),
  });
  return card({ title: "What could not be placed", note: "Touches that are known but tied to no campaign, and spend that nobody is known to have come from. “Nothing” as remedy: it is no fault.", answers: [findings], wide: true, tools: [png] },
    weighty.length ? node : null,
    table(findings, { caption: "Findings", columns: [
      { name: "finding", cell: (record) => words(record.finding) }, { name: "remedy", label: "What would mend it", long: true }, "spend_base", { name: "won_revenue_base", bar: true }, { name: "open_pipeline_base", bar: true }, "leads", "won_deals", "clicks", "touches"] }));
}

function cut(answer) {
  const { matches } = answer.records[0] ?? {};
  return Number(matches ?? 0) > answer.records.length ? ` ${plainNumber(answer.records.length)} of ${plainNumber(matches)} are shown, the largest.` : "";
}

function tagsCard(tags) {
  return card({ title: "Campaigns and tags behind it", note: `An alias or campaign suggested is a guess to be checked by a person who knows; it goes into the seed of aliases.${cut(tags)}`, answers: [tags], wide: true },
    tags.records.length ? table(tags, { caption: "Tags", atFirst: 15, columns: [
      { name: "finding", cell: (record) => words(record.finding) },
      { name: "campaign_name", label: "Campaign", cell: (record) => (record.campaign_name ? [outside(record.campaign_name), el("span", { class: "sub" }, outside(platformName(record.platform)))] : el("span", { class: "none" }, platformName(record.platform ?? "unmatched"))) },
      "channel", { name: "utm_campaign", label: "Tags found", cell: (record) => outside([record.utm_source, record.utm_medium, record.utm_campaign].filter((one) => one && one !== "(none)").join(" / ") || "none"), long: true },
      { name: "suggested_alias", label: "Suggested", long: true, cell: (record) => (record.suggested_campaign_name ? [outside(record.suggested_campaign_name), record.suggested_alias && record.suggested_alias !== record.suggested_campaign_name ? el("span", { class: "sub" }, "alias ", outside(record.suggested_alias)) : null] : "–") },
      "spend_base", "won_revenue_base", "open_pipeline_base", "leads", "touches"] }) : nothing("Nothing in these months."));
}

function dealsCard(deals) {
  return card({ title: "Deals without any touch", note: `By the month of their creation, for they have no first touch.${cut(deals)}`, answers: [deals], wide: true },
    deals.records.length ? table(deals, { caption: "Deals without any touch", atFirst: 15, columns: [
      { name: "opportunity_name", label: "Deal", cell: (record) => [el("a", { class: "drill", href: link({ opportunity_id: record.opportunity_id }, "journeys") }, outside(record.opportunity_name ?? record.opportunity_id)), el("span", { class: "sub" }, outside([record.company_name, words(record.type_group)].filter(Boolean).join(" · ")))] },
      { name: "stage_name", label: "Stage" }, { name: "finding", label: "Why", cell: (record) => words(record.finding) }, { name: "people_rule", label: "How its people were found", cell: (record) => words(record.people_rule) }, "lead_source", "people", "created_at", { name: "amount_base", label: "Amount", bar: true }] })
      : nothing("Every deal of these months has a touch."));
}

function gapsCard(gaps) {
  return card({ title: "Spend that no ad tells of", note: "Campaigns that spent more than their ads together.", answers: [gaps], wide: true },
    gaps.records.length ? table(gaps, { caption: "Spend that no ad tells of", columns: [
      { name: "campaign_name", label: "Campaign", cell: (record) => [outside(record.campaign_name ?? record.campaign_id), el("span", { class: "sub" }, outside([platformName(record.platform), record.account_name].filter(Boolean).join(" · ")))] },
      { name: "reason", cell: (record) => words(record.reason) }, "currency_code", { name: "spend_gap", digits: 2 }, "impressions_gap", "clicks_gap", "days", "first_month", "last_month"] }) : nothing("Every campaign's ads add up to it."));
}

function unpricedCard(unpriced) {
  return card({ title: "Amounts without an exchange rate", answers: [unpriced], wide: true },
    remark("alarm", "These amounts stand in no sum of the reporting currency: sums they belong to are shown as –. Add the rate to the seed of rates."),
    table(unpriced, { caption: "Amounts without an exchange rate", columns: [{ name: "kind", cell: (record) => words(record.kind) }, "currency_code", { name: "account_name", cell: (record) => outside(record.account_name ?? record.account_id ?? "–") }, "month", "rows", { name: "amount", digits: 2 }] }));
}
