// Can the figures be trusted: is every day of every source loaded, and do the books close?

import { verdicts } from "../books.js";
import { card, nothing, remark } from "../card.js";
import { modelName, platformName } from "../choices.js";
import { el, name as outside } from "../element.js";
import { ago, day, plainNumber } from "../format.js";
import { table } from "../table.js";

// By sign as well as by colour.
const STATUSES = {
  loaded: ["✓", "loaded", "good"], restating: ["~", "loaded, may still change", "caution"],
  empty: ["0", "loaded, and nothing happened", "quiet"], missing: ["✕", "missing", "bad"],
};
const VERDICTS = { agrees: ["good", "✓ agrees"], differs: ["bad", "✕ differs"], unproved: ["caution", "? cannot be compared"] };

export const health = {
  name: "health",
  title: "Data health",
  show(told, { offered }) {
    const { sources, days, checks, control, rejected, restated, schema_changes: fields, api_usage: quota, holds, model_runs: runs } = told.tables;
    return [age(told.build), sourcesCard(sources), grid(days, sources), checksCard(checks, control, told, offered),
      listed("Spend held for a person to approve", holds, "No spend was so unusual that a person had to be asked.", ["source", "account_name", "kind", "date_day", "status", "currency_code", "figure", "usual", "found_at", "decided_at"]),
      listed("Rows set aside, and why", rejected, "No row broke a rule in these months.", ["source", "account_id", "stream", { name: "reason", long: true }, "rows", "currency_code", "spend", "first_day", "last_day", "last_seen_at"]),
      listed("Spend told otherwise later", restated, "No source changed spend after it was loaded in these months.", ["source", "account_name", "campaign_name", "date_day", "currency_code", "old_spend", "new_spend", "delta", "loaded_at"]),
      listed("Fields that came, went or changed", fields, "No field of any source changed.", ["source", "object_name", "field_name", "change", "old_type", "new_type", "as_of_at"]),
      listed("What the sources allow and what was used", quota, "No source told of a quota.", ["source", "account_id", "measure", "used", "allowed", { name: "used_share", digits: 1 }, "as_of_at"], 8),
      listed("What building each model took", runs, "Nothing was built yet.", ["model_name", "rows_built", "seconds", "began_at"], 8)];
  },
};

function age(build) {
  const hours = (Date.now() - new Date(build.published_at).getTime()) / 3600000;
  return hours > 36 ? remark("alarm", `The last publish was ${ago(build.published_at)}. Nights are missing: Airflow may have stopped, or a run is held or red. What follows is as of then.`) : null;
}

function words(text) {
  const said = String(text ?? "–").replaceAll("_", " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function source(record) {
  return outside(platformName(record.source));
}

function sourcesCard(sources) {
  return card({ title: "Sources", note: "Days count everything ever loaded. Behind: hours between the newest load and this account's furthest-behind stream.", answers: [sources], wide: true }, table(sources, {
    caption: "Sources", mark: (record) => Number(record.days_missing) > 0 && "wrong",
    columns: [
      { name: "source", cell: source }, { name: "account_name", cell: (record) => outside(record.account_name || record.account_id) }, { name: "last_day", label: "Last day" },
      "days_loaded", "days_empty", { name: "days_missing", cell: (record) => (Number(record.days_missing) > 0 ? el("span", { class: "tag bad" }, `✕ ${plainNumber(record.days_missing)}`) : plainNumber(record.days_missing ?? 0)), isNumeric: true },
      "rows_rejected", { name: "hours_behind", label: "Behind, hours" }, "loaded_at",
    ],
  }));
}

/** Accounts down, days across. */
function grid(days, sources) {
  if (!days.records.length) return card({ title: "Every account, every day", answers: [days], wide: true }, nothing("No day of these months is loaded."));
  const names = new Map(sources.records.map((record) => [`${record.source} ${record.account_id}`, record.account_name]));
  const dates = [...new Set(days.records.map((record) => record.date_day))].sort();
  const accounts = new Map();
  for (const record of days.records) {
    const key = `${record.source} ${record.account_id}`;
    if (!accounts.has(key)) accounts.set(key, { record, days: new Map() });
    accounts.get(key).days.set(record.date_day, record);
  }
  const starts = dates.map((date, i) => i === 0 || date.slice(0, 7) !== dates[i - 1].slice(0, 7));
  const spans = [];
  dates.forEach((date, i) => (starts[i] ? spans.push({ date, length: 1 }) : (spans.at(-1).length += 1)));
  const counts = Object.entries(STATUSES).map(([status, [sign, text]]) => el("li", null, el("span", { class: `cell ${status}`, "aria-hidden": "true" }, sign), ` ${text}: ${plainNumber(days.records.filter((record) => record.status === status).length)}`));
  const daysTable = () => el("table", { class: "days" },
      el("caption", { class: "unseen" }, "State of each day of each account"),
      el("thead", null, el("tr", null, el("td"), spans.map((span) => el("th", { scope: "colgroup", colspan: String(span.length) }, span.length > 6 ? day(span.date).replace(/\d{1,2}[.,]?\s?(?=\D)/, "") : "")))),
      el("tbody", null, [...accounts.values()].map(({ record, days: of }) => el("tr", null,
        el("th", { scope: "row" }, source(record), el("span", { class: "sub" }, outside(record.account_name || names.get(`${record.source} ${record.account_id}`) || record.account_id))),
        dates.map((date) => {
          const one = of.get(date);
          const status = one?.status ?? null;
          const [sign, text] = STATUSES[status] ?? ["", "not of this account"];
          const told = one ? `${day(date)}: ${text}; ${plainNumber(one.rows_staged ?? 0)} rows${one.spend === null ? "" : `, spend ${plainNumber(one.spend, 2)} ${one.currency_code ?? ""}`}${Number(one.rows_rejected) ? `; ${one.rows_rejected} set aside` : ""}${Number(one.restated_spend) ? `; changed by ${plainNumber(one.restated_spend, 2)}` : ""}` : `${day(date)}: ${text}`;
          return el("td", { class: `cell ${status ?? "none"}`, title: told }, sign);
        })))));
  const wide = el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Days of each account, table" });
  requestAnimationFrame(() => { wide.scrollLeft = wide.scrollWidth; }); // the newest days first in sight
  wide.append(daysTable());
  return card({ title: "Every account, every day", note: `${day(dates[0])} – ${day(dates.at(-1))}. Point at a day for its rows and spend.`, answers: [days], wide: true },
    el("ul", { class: "legend" }, counts),
    wide);
}

function verdict(record) {
  const [kind, text] = VERDICTS[record.verdict] ?? ["", record.verdict];
  return el("span", { class: `tag ${kind}` }, text);
}

function checksCard(checks, control, { chosen }, offered) {
  const counted = checks.records.reduce((sum, row) => sum + Number(row.agrees) + Number(row.differs) + Number(row.unproved), 0);
  const differing = control.records.filter((record) => record.verdict === "differs").length;
  return card({ title: "Do the books close?", note: `Every total of the marts beside the total that its source gives separately, by month, currency and model, renewals and expansions too: ${plainNumber(counted)} comparisons of these months under every model, of ${plainNumber(verdicts(offered).all)} in the whole build. One by one those under ${modelName(chosen.model).toLowerCase()} are listed, and whatever does not agree.`, answers: [checks, control].filter(Boolean), wide: true },
    differing ? remark("alarm", `${plainNumber(differing)} comparisons differ; they stand first.`) : el("p", { class: "verdict" }, el("span", { class: "tag good" }, "✓ the books close"), " No comparison of these months differs."),
    checks ? table(checks, { caption: "Comparisons by check", atFirst: 10, mark: (record) => Number(record.differs) > 0 && "wrong", columns: [
      { name: "check_name", label: "Check", cell: (record) => words(record.check_name) }, { name: "source", cell: source }, { name: "agrees", label: "Agree", isNumeric: true }, { name: "differs", label: "Differ", isNumeric: true }, { name: "unproved", label: "Cannot be compared", isNumeric: true }, "first_month", "last_month"] }) : null,
    el("h3", null, "Comparison by comparison"),
    control.records.length ? table(control, { caption: "Comparisons", atFirst: 12, mark: (record) => record.verdict === "differs" && "wrong", columns: [
      { name: "check_name", label: "Check", cell: (record) => words(record.check_name) }, { name: "source", cell: source }, "month", { name: "model", cell: (record) => (record.model === "none" ? "–" : String(record.model).replaceAll("_", " ")) }, { name: "currency_code", cell: (record) => (record.currency_code === "XXX" ? "people" : outside(record.currency_code ?? "–")) },
      { name: "source_total", kind: "number", digits: 2 }, { name: "mart_total", kind: "number", digits: 2 }, { name: "difference", kind: "number", digits: 2 }, { name: "verdict", cell: verdict }] }) : nothing("Nothing in these months was compared."));
}

function listed(title, answer, sentence, columns, atFirst = 12) {
  if (!answer) return null;
  const { matches } = answer.records[0] ?? {};
  return card({ title, note: Number(matches ?? 0) > answer.records.length ? `${plainNumber(answer.records.length)} of ${plainNumber(matches)} are shown.` : null, answers: [answer], wide: answer.records.length > 0 },
    answer.records.length ? table(answer, { caption: title, atFirst, columns: columns.map((column) => (column === "source" ? { name: "source", cell: source } : column)) }) : nothing(sentence));
}
