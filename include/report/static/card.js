// The frame around each chart and table: its title, its rows as CSV, where its figures come from.

import { el } from "./element.js";
import { instant } from "./format.js";

let cards = 0;

/** A part of a view. ``answers``: the tables it is drawn from, for CSV and evidence. */
export function card({ title, note = null, answers = [], wide = false, span = null, tools = [] }, ...content) {
  const id = `card-${(cards += 1)}`;
  return el("section", { class: ["card", wide && "broad", span].filter(Boolean).join(" "), "aria-labelledby": id },
    el("header", null,
      el("div", null, el("h2", { id }, title), note && el("p", { class: "note" }, note)),
      el("div", { class: "tools" }, tools, answers.map((answer) => csv(answer, answers.length > 1)))),
    content,
    answers.length ? evidence(answers) : null);
}

function csv(answer, isNamed) {
  return el("a", {
    class: "tool", href: answer.csv, download: "", "data-csv": answer.name,
    "aria-label": `CSV ${words(answer.name)}`, title: `All rows of “${words(answer.name)}” as CSV`,
  }, isNamed ? `CSV ${words(answer.name)}` : "CSV");
}

/** Where the figures come from: the marts, the build, each column's meaning. */
function evidence(answers) {
  const panel = el("details", { class: "evidence" }, el("summary", null, "Where these figures come from"));
  panel.addEventListener("toggle", () => {
    if (panel.childElementCount > 1) return;
    for (const answer of answers) {
      panel.append(
        el("p", null, `“${words(answer.name)}”: `,
          answer.marts?.length ? ["read from ", answer.marts.map((mart, i) => [i ? ", " : "", el("code", null, mart)]), "; "] : null,
          `publish ${answer.build.publish_number} of ${instant(answer.build.published_at)}, `,
          `run ${answer.build.run_id}, data as of ${instant(answer.build.as_of_at)}.`),
        el("dl", null, answer.columns.filter((column) => column.meaning).map((column) => [
          el("dt", null, column.label, column.unit && el("span", { class: "unit" }, ` ${column.unit}`)),
          el("dd", null, el("code", null, column.name), " ", column.meaning),
        ])));
    }
  });
  return panel;
}

/** A sentence where there is nothing to show. */
export function nothing(sentence) {
  return el("p", { class: "nothing" }, sentence);
}

/** A sentence the reader should not miss; kind is info, caution or alarm. */
export function remark(kind, ...content) {
  const sign = { info: "i", caution: "!", alarm: "✕" }[kind];
  return el("p", { class: `remark ${kind}` }, el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("span", null, content));
}

function words(name) {
  return name.replaceAll("_", " ");
}
