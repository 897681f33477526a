// Where does the money go and what comes back: channel → platform → campaign → ad group → ad.

import { campaignName, isCampaign as isPlaced, origin, untagged, untaggedMark, untaggedRemark } from "../campaign.js";
import { card, nothing, remark } from "../card.js";
import { axis, chart, legend, room, short } from "../charts.js";
import { modelName, platformName } from "../choices.js";
import { comparison, earlyRemark } from "../comparison.js";
import { el, name as outside } from "../element.js";
import { empty } from "../empty.js";
import { shown } from "../format.js";
import { link } from "../state.js";
import { table } from "../table.js";
import { channelTable, figures, NO_NETWORK, OF_ALL, placesLast, rows } from "./overview.js";

const RATIOS = ["cpl", "cac", "roas", "roi"];

export const channels = {
  name: "channels",
  title: "Channels & campaigns",
  show(told, { choices, offered }) {
    const { total, channels: byChannel, platforms, networks, campaigns, ad_groups: groups, ads, billed, days } = told.tables;
    const [now] = total.records;
    if (!now || !campaigns?.records.length) return [crumbs(choices, offered), empty("Nothing was spent and nobody came", told, { choices, offered })];
    const isCampaign = Boolean(choices.campaign_id);
    const compared = comparison(told);
    return [
      crumbs(choices, offered),
      earlyRemark(compared),
      isCampaign ? campaigns.records.map((record) => untaggedRemark(record, campaigns.column)) : null,
      isCampaign ? remark("info", "Ad groups and ads carry the leads and deals whose evidence names them; what names only the campaign stands on the campaign.") : null,
      isCampaign || choices.channel ? null
        : card({ title: "Channels", note: ["Choose one to see its platforms and campaigns. ", compared.note(), ` ${OF_ALL}`], answers: [byChannel], wide: true }, channelTable(byChannel, now, compared)),
      isCampaign ? null : bubbles(campaigns),
      isCampaign ? null : claims(networks),
      isCampaign ? null : platformsCard(choices.channel || choices.platform ? platforms : networks, compared),
      card({ title: isCampaign ? "The campaign" : "Campaigns", note: `Credited by: ${modelName(told.chosen.model)}. Spend stands in the month it was spent, the return in the month of its first touch.`, answers: [campaigns], wide: true }, campaignTable(campaigns, now, compared)),
      isCampaign ? adLevel("Ad groups", groups, "ad_group", compared) : null,
      isCampaign ? adLevel("Ads", ads, "ad", compared) : null,
      isCampaign ? daysCard(days) : billedCard(billed),
    ];
  },
};

/** The way down from all channels to what is chosen, each step a link back up. */
function crumbs(choices, offered) {
  const campaign = offered.tables.campaigns.records.find((record) => record.campaign_id === choices.campaign_id && record.account_id === choices.account_id && record.platform === choices.platform);
  const up = { campaign_id: null, ad_group_id: null, sort: null };
  const steps = [["All channels", { channel: null, platform: null, account_id: null, ...up }]];
  if (choices.channel) steps.push([choices.channel, { platform: null, account_id: null, ...up }]);
  if (choices.platform) steps.push([platformName(choices.platform), { account_id: null, ...up }]);
  if (choices.account_id) {
    const account = offered.tables.accounts.records.find((record) => record.account_id === choices.account_id && record.platform === choices.platform);
    steps.push([account?.account_name || choices.account_id, up]);
  }
  if (choices.campaign_id) steps.push([campaign?.campaign_name || choices.campaign_id, { ad_group_id: null }]);
  if (choices.ad_group_id) steps.push([choices.ad_group_id, {}]);
  if (steps.length === 1) return null;
  return el("nav", { class: "crumbs", "aria-label": "Where you are" }, el("ol", null, steps.map(([text, changes], i) => el("li", null,
    i === steps.length - 1 ? el("span", { "aria-current": "true" }, outside(text)) : el("a", { href: link(changes) }, outside(text))))));
}

/** The days that a campaign's spend is the sum of, as they were loaded. */
function daysCard(days) {
  return card({
    title: "Day by day, as billed", answers: [days], wide: true,
    note: ["Together these days are the campaign's spend. What the platform totals for each month stands in the ", el("a", { href: link({}, "health") }, "reconciliation"), "."],
  }, days.records.length ? table(days, {
    caption: "Days of the campaign", atFirst: 14, columns: [
      { name: "date_day", label: "Day" }, { name: "campaign_name", label: "Its name that day" }, { name: "spend", digits: 2 }, { name: "currency_code", label: "Currency" }, { name: "fx_rate", label: "Rate", digits: 4 }, { name: "fx_rate_date", label: "Rate of" }, { name: "spend_base", label: "Spend converted", digits: 2, bar: true },
      "impressions", "clicks", "reported_conversions", { name: "first_loaded_at", label: "First loaded" }, { name: "last_restated_at", label: "Last restated" },
    ],
  }) : nothing("Nothing was spent on it in these months."));
}

const STATES = {
  active: "active", enabled: "active", "in progress": "active", paused: "paused", planned: "planned",
  archived: "ended", removed: "ended", deleted: "ended", completed: "ended", aborted: "ended", canceled: "ended",
};

/** A campaign's state in one word for all networks; one they have not told stays as it is. */
function inOneWord(record) {
  const told = record.campaign_status?.toLowerCase().replaceAll("_", " ");
  return { ...record, campaign_status: STATES[told] ?? told ?? null };
}

function campaignTable(campaigns, total, compared) {
  const every = "All campaigns";
  return table({ ...campaigns, records: campaigns.records.map(inOneWord) }, {
    caption: "Campaigns", compared, total: campaigns.records.length > 1 && { ...total, campaign_name: every, isTotal: true, platform: null, channel: null },
    columns: [
      { name: "campaign_name", label: "Campaign", cell: (record) => (record.isTotal ? every : [
        !isPlaced(record) ? campaignName(record) : el("a", {
          class: "drill", href: link({ channel: null, platform: record.platform, account_id: record.account_id, campaign_id: record.campaign_id, sort: null }),
        }, outside(campaignName(record))),
        el("span", { class: "sub" }, outside(origin(record))), untaggedMark(record),
      ]) },
      "channel", { name: "campaign_status", label: "Status" }, ...figures((record) => (record.isTotal ? {} : { channel: record.channel, platform: record.platform, account_id: record.account_id, campaign_id: record.campaign_id }), RATIOS),
      { name: "reported_conversions", label: "Claimed conversions" },
    ],
  });
}

function platformsCard(platforms, compared) {
  return card({ title: "Platforms", answers: [platforms], wide: true }, table({ ...platforms, records: placesLast(platforms.records) }, {
    caption: "Platforms", compared,
    columns: [
      { name: "platform", cell: (record) => (NO_NETWORK.includes(record.platform) ? el("a", { class: "drill", href: link({}, "unplaced") }, platformName(record.platform))
        : el("a", { class: "drill", href: link({ channel: record.channel ?? null, platform: record.platform, sort: null }) }, outside(platformName(record.platform)))) },
      "channel", ...figures((record) => ({ channel: record.channel, platform: record.platform }), RATIOS),
    ],
  }));
}

function bubbles(campaigns) {
  const paid = campaigns.records.filter((record) => Number(record.spend) > 0);
  if (!paid.length) return card({ title: "Spend against return", answers: [campaigns] }, nothing("No campaign with spend in this choice."));
  const platforms = [...new Set(paid.map((record) => record.platform))].sort();
  const most = Math.max(...paid.map((record) => Number(record.customers)), 1);
  const furthest = Math.max(...paid.map((record) => Number(record.spend)));
  const best = paid.reduce((one, other) => (Number(other.won_revenue) > Number(one.won_revenue) ? other : one));
  const { column } = campaigns;
  const { png, node } = chart({
    title: "Spend against return, by campaign", height: 340,
    says: `${paid.length} campaigns by spend and won revenue; ${paid.filter((record) => Number(record.roi) >= 0).length} have brought back more than they cost. Most revenue: ${campaignName(best)}.`,
    open: ({ data }) => { if (data?.record) location.hash = link({ channel: null, platform: data.record.platform, account_id: data.record.account_id, campaign_id: data.record.campaign_id }); },
    draw: (colours) => ({
      legend: legend(colours, { icon: "circle", data: platforms.map(platformName) }),
      grid: { left: 10, right: 18, top: 54, bottom: 22, containLabel: true },
      tooltip: {
        formatter: ({ data }) => (data?.record ? [short(campaignName(data.record), 50), short(platformName(data.record.platform), 40),
          ...["spend", "won_revenue", "customers", "cac", "roi"].map((of) => `${column[of].label}  ${shown(data.record[of], column[of], { symbol: true })}`), ...(untagged(data.record) ? [`! ${untagged(data.record)}: may be a tagging fault`] : [])].join("\n") : ""),
      },
      xAxis: axis(colours, { type: "value", name: "Spend", nameLocation: "middle", nameGap: 26, axisLabel: { formatter: (value) => shown(String(value), column.spend, { short: true }) } }),
      yAxis: axis(colours, { type: "value", name: "Won revenue", nameTextStyle: { align: "left" }, axisLabel: { formatter: (value) => shown(String(value), column.won_revenue, { short: true }) } }),
      series: [
        ...platforms.map((platform, i) => ({
          name: platformName(platform), type: "scatter", cursor: "pointer",
          symbol: ["circle", "diamond", "triangle", "rect"][i % 4],
          data: paid.filter((record) => record.platform === platform).map((record) => ({
            value: [Number(record.spend), Number(record.won_revenue)], record,
            symbolSize: 9 + 27 * Math.sqrt(Number(record.customers) / most),
            itemStyle: untagged(record) ? { borderColor: colours.caution, borderWidth: 2, borderType: "dashed" } : {},
          })),
          itemStyle: { color: colours.series[[0, 2, 3, 5, 6, 7][i % 6]], opacity: 0.72, borderColor: colours.surface },
          markLine: i ? undefined : {
            silent: true, symbol: "none", lineStyle: { color: colours.quiet, type: "dashed" },
            label: { formatter: () => "as much back as spent", color: colours.soft, position: "insideEndBottom", fontSize: 11 },
            data: [[{ coord: [0, 0] }, { coord: [furthest, furthest] }]],
          },
        })),
      ],
    }),
  });
  return card({ title: "Spend against return", note: "A mark is a campaign, larger with more customers; above the dashed line it has brought back more than it cost. A dashed rim: months of spend without a tagged touch. A mark opens its campaign.", answers: [campaigns], tools: [png] },
    node, rows("These campaigns as a table", () => table(campaigns, { caption: "Spend and return", columns: [{ name: "campaign_name", cell: (record) => [outside(campaignName(record)), " ", untaggedMark(record)] }, { name: "platform", cell: (record) => outside(platformName(record.platform)) }, "spend", "won_revenue", "customers", "roi"] })));
}

function claims(networks) {
  const sums = networks.records.filter((record) => record.reported_conversions !== null).map((record) => ({ ...record, reported: Number(record.reported_conversions) }));
  if (!sums.length) return card({ title: "What platforms report, what the CRM shows", answers: [networks] }, nothing("No platform reports conversions in this choice."));
  const kinds = [["reported", "Claimed by the platform"], ["leads", "Leads in the CRM"], ["opportunities", "Opportunities"], ["customers", "Customers"]];
  const { column } = networks;
  const number = (of, value) => shown(String(value), { ...(of === "reported" ? column.reported_conversions : column[of]), kind: "number" });
  const { png, node } = chart({
    title: "What platforms report, what the CRM shows", height: Math.max(150, sums.length * 100 + 60),
    says: sums.map((one) => `${platformName(one.platform)} reports ${number("reported", one.reported)} conversions; the CRM shows ${number("leads", one.leads)} leads and ${number("customers", one.customers)} customers.`).join(" "),
    draw: (colours) => ({
      legend: legend(colours),
      grid: { left: room(sums.map((one) => short(platformName(one.platform), 16))), right: 56, top: 34, bottom: 26 },
      tooltip: { trigger: "axis", axisPointer: { type: "none" }, formatter: ([mark]) => [short(platformName(sums[mark.dataIndex].platform), 40), ...kinds.map(([of, label]) => `${label}  ${number(of, sums[mark.dataIndex][of])}`)].join("\n") },
      xAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => number("leads", value) } }),
      yAxis: axis(colours, { type: "category", inverse: true, data: sums.map((one) => platformName(one.platform)), axisLabel: { color: colours.ink, formatter: (text) => short(text, 16) } }),
      series: kinds.map(([of, label], i) => ({
        name: label, type: "bar", barMaxWidth: 16, data: sums.map((one) => Number(one[of])),
        itemStyle: { color: colours.series[[7, 0, 5, 1][i]], borderRadius: 3 },
        label: { show: true, position: "right", color: colours.soft, fontSize: 11, formatter: ({ value }) => number(of, value) },
      })),
    }),
  });
  return card({ title: "What platforms report, what the CRM shows", note: "Each platform counts its own conversions its own way, often several for one person and some that others claim too: never add them.", answers: [networks], tools: [png] }, node);
}

function adLevel(title, answer, level, compared) {
  if (!answer) return null;
  const text = (record) => record[`${level}_name`] || record[`${level}_id`] || (level === "ad" ? "No ad is named" : "No ad group is named");
  return card({ title, answers: [answer], wide: true }, answer.records.length ? table(answer, {
    caption: title, compared,
    columns: [
      { name: `${level}_name`, label: title.slice(0, -1), cell: (record) => (level === "ad_group" && record.ad_group_id
        ? el("a", { class: "drill", href: link({ ad_group_id: record.ad_group_id, sort: null }) }, outside(text(record))) : outside(text(record))) },
      { name: "spend", bar: true }, "impressions", "clicks", "ctr", "cpc", "reported_conversions", "leads", "won_deals", { name: "won_revenue", bar: true }, "cpl", "roi",
    ],
  }) : nothing("This campaign has none that report figures of their own (Performance Max and the like spend without ads)."));
}

function billedCard(billed) {
  if (!billed) return null;
  return card({ title: "As billed", note: "Spend in each account's own currency, to hold beside the invoice, and converted at each day's rate.", answers: [billed], wide: true }, table(billed, {
    caption: "Spend as billed",
    columns: [{ name: "platform", cell: (record) => outside(platformName(record.platform)) }, { name: "account_name", cell: (record) => outside(record.account_name || record.account_id) }, "currency_code", { name: "spend", digits: 2 }, { name: "spend_base", digits: 2 }],
  }));
}
