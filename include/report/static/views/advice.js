// What should run and what should pause, how sure that is, and what would turn it.

import { card, nothing, remark } from "../card.js";
import { platformName } from "../choices.js";
import { el, name as outside } from "../element.js";
import { month, plainNumber, shown } from "../format.js";
import { link } from "../state.js";
import { figure, table } from "../table.js";

const SIGNS = { scale: "▲", keep: "●", watch: "◔", pause: "■", wait: "…", "mend the tags": "✎" };

export const advice = {
  name: "advice",
  title: "Advice",
  show(told) {
    const { channels, campaigns, record: earlier } = told.tables;
    if (!channels.records.length && !campaigns.records.length) return nothing("Nothing was spent here, so there is nothing to advise on.");
    const [one] = [...channels.records, ...campaigns.records];
    const bar = shown(one.roi_bar, channels.column.roi_bar, { digits: 0 });
    return [
      remark("info", `Asked of each: a return (ROI) of ${bar} or more${Number(one.roi_bar) === 0 ? ", that is, its spend back" : ""}. `,
        one.mature_before ? `Judged by what was spent before ${month(one.mature_before)}: later spend is too young. ` : "No deal is won yet, so nothing can be judged. ",
        "So figures differ from those of the months chosen elsewhere. This is what was observed, not an experiment: nobody knows what would have come without the spend."),
      inShort(channels, campaigns),
      card({ title: "Channels", answers: [channels], wide: true }, channels.records.length ? list(channels, "Channels", [{ name: "channel", cell: (record) => el("a", { class: "drill", href: link({ channel: record.channel }) }, outside(record.channel)) }]) : nothing("None of this choice spent.")),
      card({ title: "Campaigns", note: `Those that spent in the last 30 days, first what there is to do.${cut(campaigns)}`, answers: [campaigns], wide: true }, campaigns.records.length ? list(campaigns, "Campaigns", [{ name: "campaign_name", label: "Campaign", cell: campaign }]) : nothing("No campaign of this choice spent in the last 30 days.")),
      turnedOut(earlier),
    ];
  },
};

/** What there is to do, by name: what a reader came for. */
function inShort(channels, campaigns) {
  const told = (verdict) => campaigns.records.filter((record) => record.verdict === verdict);
  const names = (records) => records.map((record, i) => [i ? ", " : "", el("a", { href: link({ platform: record.platform, account_id: record.account_id, campaign_id: record.campaign_id }, "channels") }, outside(record.campaign_name ?? record.campaign_id)), account(record)]);
  const isTwice = ({ campaign_name: called }) => campaigns.records.filter((record) => record.campaign_name === called).length > 1;
  const account = (record) => (isTwice(record) && record.account_name ? [" (", outside(record.account_name), ")"] : null);
  const money = (record, of) => shown(record[of], campaigns.column[of], { symbol: true });
  const line = (verdict, ...content) => el("li", null, el("strong", { class: "stands", "data-verdict": verdict }, el("span", { "aria-hidden": "true" }, `${SIGNS[verdict]} `), verdict.charAt(0).toUpperCase() + verdict.slice(1), ":"), " ", content);
  const [next] = told("watch").filter((record) => record.chance !== null);
  const paused = [...channels.records.filter((record) => record.verdict === "pause").map((record) => [outside(record.channel), " as a whole. "]), names(told("pause"))];
  return card({ title: "In short", answers: [campaigns], wide: true }, el("ul", { class: "verdicts" },
    line("pause", paused.flat().length ? paused : ["nothing. Of no campaign is it proven that it returns less than is asked.",
      next ? [" The nearest to it is ", names([next]), `, ${shown(next.chance, campaigns.column.chance, { digits: 0 })} likely to return that, though it is not proven: ${money(next, "spend_base")} could be judged so far, ${money(next, "young_spend_base")} more are too young. Watch it first.`] : ""]),
    line("scale", told("scale").length ? names(told("scale")) : "nothing. No campaign is likely enough to return what is asked."),
    told("mend the tags").length ? line("mend the tags", names(told("mend the tags")), ": what they bring comes without their name, so whether they pay is not known. Not a reason to pause.") : null));
}

/** What became of earlier advice: how much of it was right, and each piece. */
function turnedOut(record) {
  const [one] = record.records;
  const title = "How earlier advice turned out";
  if (!one) return card({ title, answers: [record], wide: true }, nothing("No advice is old enough yet to be judged by the three months after it."));
  const judged = Number(one.advice_judged);
  const percent = (line, name) => figure(line[name], record.column[name], { digits: 0 });
  return card({ title, note: `Each by the three whole months after it, once they are old enough. ${judged ? `${plainNumber(one.advice_right)} of ${plainNumber(judged)} that claimed something were right. ` : "None of it claimed anything. "}Three months of one campaign hold few deals: one line proves nothing.${cut(record)}`, answers: [record], wide: true },
    table(record, {
      caption: title,
      columns: [
        { name: "advised_on", label: "Advised on" },
        { name: "campaign_name", label: "Of", cell: (line) => (line.level === "channel" ? outside(line.channel) : campaign(line)) },
        { name: "verdict", label: "Advice", cell: (line) => el("span", { class: "stands", "data-verdict": line.verdict }, el("span", { "aria-hidden": "true" }, `${SIGNS[line.verdict]} `), line.verdict) },
        { name: "is_right", label: "Was", cell: (line) => (line.is_right === null ? "no claim" : line.is_right ? "✓ right" : "✕ wrong") },
        { name: "roi", label: "Returned", isNumeric: true, cell: (line) => (line.roi === null ? "–" : [percent(line, "roi"), line.roi_low === null ? null : el("span", { class: "sub" }, "told: ", percent(line, "roi_low"), " to ", percent(line, "roi_high"))]) },
        { name: "spend_base", label: "Spend of the three months" }, { name: "won_deals", digits: 0 }, "won_revenue_base",
      ],
    }));
}

function cut(answer) {
  const { matches } = answer.records[0] ?? {};
  return Number(matches ?? 0) > answer.records.length ? ` ${plainNumber(answer.records.length)} of ${plainNumber(matches)} are shown, the largest.` : "";
}

function campaign(record) {
  const { platform, account_id, campaign_id } = record;
  return [el("a", { class: "drill", href: link({ platform, account_id, campaign_id }, "channels") }, outside(record.campaign_name ?? campaign_id)),
    el("span", { class: "sub" }, outside([platformName(platform), record.account_name, record.channel].filter(Boolean).join(" · ")))];
}

function list(answer, caption, places) {
  const percent = (record, name) => figure(record[name], answer.column[name], { digits: 0 });
  return table(answer, {
    caption,
    columns: [
      ...places,
      { name: "verdict", label: "Advice", cell: (record) => [el("span", { class: "stands", "data-verdict": record.verdict }, el("span", { "aria-hidden": "true" }, `${SIGNS[record.verdict]} `), record.verdict)] },
      { name: "chance", label: "Chance of what is asked", digits: 0 },
      { name: "roi_expected", label: "Likely return", isNumeric: true, cell: (record) => (record.roi_expected === null ? "–" : [percent(record, "roi_expected"), el("span", { class: "sub" }, percent(record, "roi_low"), " to ", percent(record, "roi_high"))]) },
      { name: "sentence", label: "Why", cell: (record) => el("details", { class: "why" }, el("summary", null, record.flips ? "Why, and what would turn it" : "Why"),
        el("p", null, outside(record.sentence)), record.flips && el("p", null, "Judged another way the advice would be: ", outside(record.flips), ".")) },
      { name: "spend_base", label: "Spend judged", bar: true }, { name: "young_spend_base", label: "Spend too young" },
      { name: "won_deals", digits: 0 }, "won_revenue_base",
      { name: "roi", label: "Its own ROI", isNumeric: true, cell: (record) => (record.verdict === "mend the tags" && record.roi !== null
        ? el("data", { class: "none", value: record.roi, "data-column": "roi", title: "What it brought came without its name" }, "not known") : percent(record, "roi")) },
    ],
  });
}
