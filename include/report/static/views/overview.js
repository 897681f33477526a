// Which channels bring customers, and is the trend good? Figures, trend, channels, what moved, the books.

import { verdicts } from "../books.js";
import { card, nothing, remark } from "../card.js";
import { axis, chart, legend, room, short, sparkline } from "../charts.js";
import { modelName, platformName } from "../choices.js";
import { cohortMonth, comparison } from "../comparison.js";
import { el, name as outside } from "../element.js";
import { empty } from "../empty.js";
import { change, day, instant, month, plainNumber, shifted, shortMonth, shown } from "../format.js";
import { link } from "../state.js";
import { changed, figure, reason, table } from "../table.js";

// Where the rows behind each figure are listed.
const TILES = [
  ["spend", "channels"], ["leads", "funnel"], ["mqls", "funnel"], ["opportunities", "journeys"],
  ["customers", "journeys"], ["open_pipeline", "journeys"], ["won_revenue", "journeys"],
  ["cac", "channels"], ["roi", "cohorts"],
];
// Where unpaid channels bring customers too, these are told of the channels with spend, and what
// divides everything by the spend stands below, called so.
const PAID = {
  cac: ["CAC, channels with spend", "Ad spend ÷ all customers"],
  roi: ["ROI, channels with spend", "All revenue on ad spend"],
};

export const overview = {
  name: "overview",
  title: "Overview",
  show(told, context) {
    const { total, months, channels } = told.tables;
    const [now] = total.records;
    if (!now || !months.records.length) {
      return empty("Nothing was spent and nobody came", told, context);
    }
    const compared = comparison(told);
    return [
      tiles(told, compared),
      caution(told, compared),
      trend(months, compared),
      returnByChannel(told, compared),
      judgedNetworks(told, compared),
      networksCard(told, compared),
      card({ title: "Channels", note: [compared.note(), ` For CAC and CPL, less is better. ${OF_ALL}`], answers: [channels], wide: true },
        channelTable(channels, now, compared)),
      moved(told.tables.changes),
      books(told, context),
      closed(told.tables.closed),
    ];
  },
};

/** What the last line of a table of returns divides. */
export const OF_ALL = "In the last line CAC and ROI hold all customers and revenue, also of channels without spend, against the ad spend.";

function tiles(told, compared) {
  const { total: all, paid, months, closed: booked } = told.tables;
  return el("section", { class: "tiles", "aria-label": "Key figures" }, TILES.map(([of, view]) => {
    const [label, blended] = PAID[of] ?? [all.column[of].label];
    const answer = PAID[of] ? paid : all;
    const [now] = answer.records.length ? answer.records : [{ [of]: null }];
    const [earlier] = answer.earlier ?? [];
    const column = answer.column[of];
    const whole = shown(now[of], column, { symbol: true });
    const text = whole.length > 14 ? shown(now[of], column, { symbol: true, short: true }) : whole;
    const isStill = of === "open_pipeline"; // that of earlier months is decided by now: no comparison
    const whyNot = compared.whyNot(column);
    const moved = earlier && whyNot === null ? change(now[of], earlier[of], column) : null;
    const isOpen = ["cac", "roi"].includes(of) && now[of] !== null && compared.young === compared.length;
    const value = (kind) => el("data", { class: kind, value: String(now[of]), "data-figure": of, "data-of": answer.name }, text);
    return el("a", {
      class: "tile", href: link({}, view),
      title: `${of === "customers" ? `${column.meaning}: of the ${plainNumber(all.records[0].won_deals, 1)} deals won, those that were a company's first` : column.meaning ?? ""}; exactly ${now[of] ?? "not defined"}; the period before ${earlier?.[of] ?? "not defined"}`,
    },
    el("span", { class: "label" }, label),
    now[of] === null ? el("span", { class: "value" }, text)
      : isOpen ? el("span", { class: "value lengthy" }, "◔ too early") : value(`value${text.length > 9 ? " lengthy" : ""}`),
    isOpen ? el("span", { class: "still" }, "so far ", value(null)) : changed(moved) ?? el("span", { class: "still" }, (now[of] === null ? reason(now, column) : null) ?? (isStill ? "still open" : whyNot ?? "no comparison")),
    blended ? el("span", { class: "blended" }, `${blended}: `, blendedOf(all.records[0], all, of))
      : sparkline(months.records.map((record) => record[of]), `${column.label} by month`),
    of === "won_revenue" && compared.young ? el("span", { class: "blended", title: "All that closed in these months, whenever its people first came" }, closedIn(booked)) : null);
  }));
}

/** What closed in the months chosen, whenever first touched: what sales calls the months' revenue. */
function closedIn({ records, column }) {
  const won = records.some((record) => record.won_revenue === null) ? null : records.reduce((sum, record) => sum + Number(record.won_revenue), 0).toFixed(2);
  const deals = records.reduce((sum, record) => sum + Number(record.deals), 0);
  return `Closed then: ${plainNumber(deals, deals % 1 ? 1 : 0)} deals, ${shown(won, column.won_revenue, { symbol: true, short: true })}`;
}

function blendedOf(record, answer, of) {
  const text = shown(record[of], answer.column[of], { symbol: true });
  return record[of] === null ? text : el("data", { value: String(record[of]), "data-figure": of, "data-of": answer.name }, text);
}

/** Whether the months chosen may be believed, in short, and what they may be held against. */
function caution(told, compared) {
  const { young, judged, note } = compared;
  const [typical] = told.tables.typical?.records ?? [];
  const now = told.build.as_of_date.slice(0, 7);
  const isBefore = told.chosen.to_month.slice(0, 7) === shifted(now, -1);
  const usual = typical ? `Half of the deals close within ${plainNumber(Number(typical.days_touch_to_close_p50))} days of the first touch, nine of ten within ${plainNumber(Number(typical.days_touch_to_close_p90))}. ` : "";
  return remark(young ? "caution" : "info", trusted(told, compared), "Months are those of the first touch: what they brought grows until their deals are decided. ", usual,
    young && judged ? [el("a", { href: link({ from_month: shifted(judged, -11), to_month: judged.slice(0, 7) }) }, "The last 12 that can be judged"), " · "] : null,
    el("a", { href: link({}, "cohorts") }, "See the cohorts"), ". ", note(),
    isBefore ? [` ${month(now)} is not over and stands apart: `, el("a", { href: link({ from_month: now, to_month: now }) }, "so far"), "."] : null);
}

/** What of the months chosen can be trusted, and what cannot yet; the card below has the evidence. */
function trusted(told, { young, length }) {
  const { missing, restating, evidence } = told.tables;
  const counts = verdicts(told);
  const changing = mayChange(restating);
  const tag = (kind, text) => [el("span", { class: `tag ${kind}` }, text), " "];
  const isOne = length === 1;
  return el("span", { class: "trust" }, el("strong", null, `Can ${isOne ? "this month" : "these months"} be trusted?`), " ",
    counts.differs ? tag("bad", "✕ spend and deals: no, the books do not close")
      : counts.all ? tag("good", "✓ spend and deals: yes, the books close") : tag("caution", "! spend and deals: nothing was compared"),
    missing.records.length ? tag("caution", "! days are missing") : null,
    changing ? tag("caution", `~ ${plainNumber(changing)} account-${changing === 1 ? "day" : "days"} may still change a little`) : null,
    young ? tag("caution", `◔ return: not yet, ${isOne ? "it is" : young === length ? "they are all" : `${young} of these ${length} months ${young === 1 ? "is" : "are"}`} too early`) : tag("good", "✓ return: yes, old enough to judge"),
    isLittleProven(evidence) ? tag("caution", "! which channel: little proven") : null);
}

function trend(months, compared) {
  const records = months.records;
  const { png, node } = chart({
    title: "Spend and what it brought, by month of first touch",
    says: `Spend, won revenue and open pipeline of ${records.length} months; from ${month(records[0].cohort_month)} to ${month(records.at(-1).cohort_month)}.`,
    draw: (colours) => ({
      legend: legend(colours),
      grid: { left: 10, right: 8, top: 34, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: colours.line, opacity: 0.35 } },
        formatter: (marks) => {
          const record = records[marks[0].dataIndex];
          return [`${month(record.cohort_month)}${compared.isYoung(record.cohort_month) ? ", too early" : ""}`, ...["spend", "won_revenue", "open_pipeline", "roi"].map((of) => `${months.column[of].label}  ${shown(record[of], months.column[of], { symbol: true })}`)].join("\n");
        },
      },
      xAxis: axis(colours, { type: "category", data: records.map((record) => `${shortMonth(record.cohort_month)}${compared.isYoung(record.cohort_month) ? " ◔" : ""}`), splitLine: { show: false } }),
      yAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), months.column.spend, { short: true }) } }),
      series: [
        { name: "Spend", type: "bar", data: records.map((record) => Number(record.spend)), itemStyle: { color: colours.series[7], borderRadius: [3, 3, 0, 0] }, barMaxWidth: 26 },
        { name: "Won revenue", type: "bar", stack: "return", data: records.map((record) => Number(record.won_revenue)), itemStyle: { color: colours.series[1] }, barMaxWidth: 26 },
        { name: "Open pipeline", type: "bar", stack: "return", data: records.map((record) => Number(record.open_pipeline)), itemStyle: { color: colours.series[1], opacity: 0.28, borderRadius: [3, 3, 0, 0] }, barMaxWidth: 26 },
      ],
    }),
  });
  return card({ title: "Spend and what it brought", note: "By month of first touch. Pipeline is not revenue: it stands apart, paler. ◔ marks a month too early to judge.", answers: [months], tools: [png] },
    node, rows("These months as a table", () => table(months, {
      caption: "Months of first touch", columns: [cohortMonth(compared), "spend", "leads", "opportunities", "customers", "won_revenue", "open_pipeline", "roi"],
    })));
}

/** A table that opens on demand: what a chart shows, for who reads rather than looks. */
export function rows(summary, make) {
  const panel = el("details", { class: "rows" }, el("summary", null, summary));
  panel.addEventListener("toggle", () => panel.childElementCount === 1 && panel.append(make()));
  return panel;
}

/** The months old enough to judge, where the chosen are not and there are any: "Feb 2025 – Jan 2026". */
function judgedMonths({ records: [one] }, compared) {
  return one && compared.young ? `${month(one.from_month)} – ${month(one.to_month)}` : null;
}

function returnByChannel(told, compared) {
  const judged = judgedMonths(told.tables.judged_channels, compared);
  const channels = judged ? told.tables.judged_channels : told.tables.channels;
  const title = judged ? "ROI by channel, months old enough to judge" : "ROI by channel";
  const isEarly = !judged && compared.young === compared.length;
  const months = judged ? { from_month: channels.records[0].from_month.slice(0, 7), to_month: channels.records[0].to_month.slice(0, 7) } : {};
  const paid = channels.records.filter((record) => record.roi !== null).sort((a, b) => Number(a.roi) - Number(b.roi));
  const free = channels.records.filter((record) => record.roi === null && Number(record.won_revenue) > 0);
  if (!paid.length) return card({ title, answers: [channels] }, nothing("No channel with spend in this choice, so there is no return on it."));
  const best = paid.at(-1);
  const column = channels.column.roi;
  const { png, node } = chart({
    title,
    says: `${judged ? `${judged}: ` : ""}ROI of ${paid.length} channels with spend. Highest: ${best.channel}, ${shown(best.roi, column)}. Lowest: ${paid[0].channel}, ${shown(paid[0].roi, column)}.`,
    height: Math.max(120, paid.length * 44 + 40),
    open: ({ dataIndex }) => { location.hash = link({ channel: paid[dataIndex].channel, ...months }, "channels"); },
    draw: (colours) => ({
      grid: { left: room(paid.map((record) => short(record.channel, 18))), right: 64, top: 6, bottom: 26 },
      tooltip: {
        formatter: ({ dataIndex }) => {
          const record = paid[dataIndex];
          return [short(record.channel, 60), ...["spend", "won_revenue", "customers", "roi"].map((of) => `${channels.column[of].label}  ${shown(record[of], channels.column[of], { symbol: true })}`)].join("\n");
        },
      },
      xAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), column, { digits: 0 }) } }),
      yAxis: axis(colours, { type: "category", data: paid.map((record) => record.channel), axisLabel: { formatter: (text) => short(text, 18), color: colours.ink, fontSize: 12 } }),
      series: [{
        type: "bar", barMaxWidth: 22, cursor: "pointer",
        data: paid.map((record) => ({ value: Number(record.roi), itemStyle: { color: isEarly ? colours.soft : Number(record.roi) >= 0 ? colours.series[1] : colours.series[4], borderRadius: 3 } })),
        label: { show: true, position: "right", color: colours.ink, formatter: ({ dataIndex }) => shown(paid[dataIndex].roi, column) },
        markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: colours.soft, type: "solid" }, data: [{ xAxis: 0 }] },
      }],
    }),
  });
  const which = judged ? [el("b", null, `${judged}: `), `of the months chosen ${compared.young === compared.length ? "all are" : `${compared.young} of ${compared.length} are`} too early; theirs stands below. `] : isEarly ? "Too early: none of this is known yet. " : "";
  return card({ title, note: [which, "Won revenue less spend, per spend; below zero the money has not come back", judged ? "" : " yet", ". A bar opens its channel."], answers: [channels], tools: [png] }, node,
    free.length ? el("p", { class: "note" }, "Without spend, so without ROI: ", free.map((record, i) => [i ? ", " : "", outside(record.channel), ` (${shown(record.won_revenue, channels.column.won_revenue, { symbol: true })})`])) : null);
}

export const NO_NETWORK = ["unmatched", "unattributed"];

/** Networks as they come, then what is of none. */
export function placesLast(records) {
  const isNone = (record) => NO_NETWORK.includes(record.platform);
  return [...records.filter((record) => !isNone(record)), ...records.filter(isNone)];
}

/** Networks by what they returned in the months old enough, the best first; null where those chosen are. */
function judgedNetworks({ tables: { judged_networks: old } }, compared) {
  const judged = judgedMonths(old, compared);
  if (!judged) return null;
  const records = [...old.records].sort((a, b) => Number(b.roi ?? -Infinity) - Number(a.roi ?? -Infinity));
  const months = { from_month: old.records[0].from_month.slice(0, 7), to_month: old.records[0].to_month.slice(0, 7) };
  const unknown = old.records.filter((record) => NO_NETWORK.includes(record.platform)).reduce((sum, record) => sum + Number(record.paid_won_revenue ?? 0), 0);
  const beside = unknown > 0 ? ` Ads brought ${shown(String(unknown), old.column.won_revenue, { symbol: true, short: true })} more of which no touch names the campaign, so no network is credited with it: each returned at least what stands here.` : "";
  return card({ title: "What each ad network earned, months old enough to judge", note: [el("b", null, `${judged}.`), ` By the network of the first touch, or of each touch where the model credits several.${beside}`], answers: [old], wide: true }, table({ ...old, records: placesLast(records) }, {
    caption: "What each network earned",
    columns: [network(months), { name: "spend", bar: true }, "customers", { name: "won_revenue", bar: true }, { name: "paid_won_revenue", label: "Of it from ads" }, "roi"],
  }));
}

function network(months = {}) {
  return { name: "platform", label: "Network", cell: (record) => (NO_NETWORK.includes(record.platform) ? el("a", { class: "drill", href: link(months, "unplaced") }, platformName(record.platform))
    : el("a", { class: "drill", href: link({ platform: record.platform, sort: null, ...months }, "channels") }, outside(platformName(record.platform)))) };
}

function networksCard({ tables: { networks } }, compared) {
  return card({ title: compared.young ? "Ad networks and what else brought people, months chosen" : "Ad networks and what else brought people", note: "By the network of the first touch, or of each touch where the model credits several.", answers: [networks], wide: true }, table({ ...networks, records: placesLast(networks.records) }, {
    caption: "Networks", earlier: "platform", compared, columns: [network(), ...figures((record) => ({ platform: record.platform }))],
  }));
}

/** The figures of a return, those of people leading to the funnel, those of deals to the deals. */
export function figures(filters, ratios = ["cpl", "cac", "roi"]) {
  const to = (view) => (record) => link({ ...filters(record), sort: null }, view);
  return [
    { name: "spend", bar: true }, { name: "leads", href: to("funnel") }, { name: "mqls", href: to("funnel") }, "opportunities",
    { name: "customers", href: to("journeys") }, { name: "won_revenue", bar: true, href: to("journeys") },
    { name: "open_pipeline", href: to("journeys") }, ...ratios,
  ];
}

export function channelTable(channels, total, compared) {
  return table(channels, {
    caption: "Channels", earlier: "channel", compared, total: { ...total, channel: "All channels" },
    columns: [
      { name: "channel", cell: (record) => (record === total || record.channel === "All channels" ? "All channels" : el("a", { class: "drill", href: link({ channel: record.channel, sort: null }, "channels") }, outside(record.channel))) },
      ...figures((record) => (record.channel === "All channels" ? {} : { channel: record.channel })),
    ],
  });
}

function moved(changes) {
  if (!changes) return null;
  const told = changes.records.map((record) => el("li", null,
    el("strong", null, `${words(record.figure.replace(/_base$/, ""))}, ${record.month ? month(record.month) : "all months"}`),
    record.channel || record.campaign_name ? [" · ", outside(record.campaign_name || record.channel)] : null,
    el("span", { class: "sub" }, `${moving(record.old_value)} → ${moving(record.new_value)} `,
      el("b", null, `(${Number(record.delta) > 0 ? "+" : ""}${moving(record.delta)})`), ` because: ${words(record.causes ?? "not known").toLowerCase()}`),
    record.evidence && el("span", { class: "sub" }, evidence(record.evidence))));
  return card({ title: "What the last publish changed, and why", span: "third", answers: [changes], note: "The figures of past months that moved most: a restated cost, a merged person, a deal decided." },
    told.length ? el("ol", { class: "moved" }, told) : nothing("The last publish changed nothing that was published before."));
}

/** The ids that moved a figure; those of deals lead to their journeys. */
function evidence(text) {
  return text.split(/([0-9A-Za-z]{15,18})/).map((part) => (/^006[0-9A-Za-z]{12,15}$/.test(part)
    ? el("a", { href: link({ opportunity_id: part }, "journeys") }, part) : outside(words(part))));
}

function moving(value) {
  return value === null ? "nothing" : plainNumber(value, Math.abs(Number(value)) < 100 && Number(value) % 1 ? 2 : 0);
}

function words(text) {
  const said = String(text).replaceAll("_", " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** Whether half or more of the leads, or of the won revenue, rest on a weak word or on none. */
function isLittleProven({ records: [held] }) {
  return Boolean(held) && ["leads", "won_revenue"].some((of) => held[`weak_${of}_share`] !== null && Number(held[`weak_${of}_share`]) + Number(held[`untouched_${of}_share`]) >= 0.5);
}

/** Account-days whose figures the networks may still correct. */
function mayChange(restating) {
  return restating.records.reduce((sum, record) => sum + Number(record.days), 0);
}

/** How much of the totals rests on a weak word, or on none. */
function weakly({ records: [held], column }) {
  const shares = held && [["leads", "leads"], ["won revenue", "won_revenue"]].filter(([, of]) => held[`weak_${of}_share`] !== null);
  if (!shares?.length) return null;
  const said = (of) => shares.map(([text, name]) => `${shown(held[`${of}_${name}_share`], column[`${of}_${name}_share`], { digits: 0 })} of ${text}`).join(" and ");
  const isMost = isLittleProven({ records: [held] });
  return el("p", { class: isMost ? "verdict" : "note" }, isMost ? el("span", { class: "tag caution" }, "! channels little proven") : null, ` Weakly evidenced: ${said("weak")} (only a lead source, a referring site or an untagged visit speaks for the channel); without any touch: ${said("untouched")}. `,
    el("a", { href: link({}, "unplaced") }, "What could not be placed"));
}

function books(told, { offered }) {
  const { checks, missing, restating, evidence: weak } = told.tables;
  const counts = verdicts(told);
  const absent = missing.records;
  const changing = mayChange(restating);
  return card({ title: "How far these months can be trusted", span: "third", answers: [checks, missing, restating, weak] },
    counts.differs ? remark("alarm", `${plainNumber(counts.differs)} of ${plainNumber(counts.all)} comparisons with ad accounts and CRM differ. `, el("a", { href: link({}, "health") }, "See which"))
      : counts.all ? el("p", { class: "verdict" }, el("span", { class: "tag good" }, "✓ reconciled"), ` All ${plainNumber(counts.agrees)} comparisons of these months under ${modelName(told.chosen.model).toLowerCase()} with the ad accounts' own totals and the CRM agree to the cent; all months and models: ${plainNumber(verdicts(offered).all)}.`)
        : remark("caution", "Nothing in these months was compared with its source."),
    counts.unproved ? el("p", { class: "note" }, `${plainNumber(counts.unproved)} more cannot be compared: the source gives no total.`) : null,
    absent.length ? remark("caution", "Days that are missing: ", absent.map((record, i) => [i ? "; " : "", `${platformName(record.source)} `, outside(record.account_name ?? record.account_id ?? ""), ` ${plainNumber(record.days)}`]))
      : el("p", { class: "verdict" }, el("span", { class: "tag good" }, "✓ complete"), " Every account and day of these months is loaded."),
    changing ? el("p", { class: "verdict" }, el("span", { class: "tag caution" }, `~ ${plainNumber(changing)} account-${changing === 1 ? "day" : "days"} may still change`), ` since ${day(restating.records.map((record) => record.first_day).sort()[0])}: networks correct spend and conversions for some weeks.`) : null,
    weakly(weak),
    el("p", { class: "note" }, `Published ${instant(told.build.published_at)}. `, el("a", { href: link({}, "health") }, "Every source, day and comparison")));
}

function closed(answer) {
  if (!answer) return null;
  const records = answer.records;
  if (!records.length) return card({ title: "Revenue by the month it closed", span: "third", answers: [answer] }, nothing("No deal closed in these months."));
  const deals = ({ close_month: at }) => link({ from_month: at.slice(0, 7), to_month: at.slice(0, 7) }, "journeys");
  const { png, node } = chart({
    title: "Revenue by the month it closed",
    says: `Won revenue by close month, ${records.length} months.`, height: 200,
    open: ({ dataIndex }) => { location.hash = deals(records[dataIndex]); },
    draw: (colours) => ({
      grid: { left: 10, right: 8, top: 10, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis", formatter: ([mark]) => [month(records[mark.dataIndex].close_month), `Won revenue  ${shown(records[mark.dataIndex].won_revenue, answer.column.won_revenue, { symbol: true })}`, `Deals  ${shown(records[mark.dataIndex].deals, answer.column.deals)}`].join("\n") },
      xAxis: axis(colours, { type: "category", data: records.map((record) => shortMonth(record.close_month)), splitLine: { show: false } }),
      yAxis: axis(colours, { type: "value", axisLabel: { formatter: (value) => shown(String(value), answer.column.won_revenue, { short: true }) } }),
      series: [{ type: "bar", data: records.map((record) => Number(record.won_revenue)), itemStyle: { color: colours.series[0], borderRadius: [3, 3, 0, 0] }, barMaxWidth: 26 }],
    }),
  });
  return card({ title: "Revenue by the month it closed", span: "third", note: "What sales booked in these months, whenever its people first came; so no cost stands beside it. New business: renewals and expansions are left out. A bar opens its deals.", answers: [answer], tools: [png] },
    node, rows("These months as a table", () => table(answer, { caption: "Months of close", columns: [{ name: "close_month", href: deals }, { name: "deals", href: deals }, "won_revenue"] })));
}

