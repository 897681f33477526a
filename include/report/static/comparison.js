// What may be held against the months before, and which figures still grow. The server decides it;
// here it is said.

import { remark } from "./card.js";
import { el } from "./element.js";
import { month, shifted } from "./format.js";
import { link } from "./state.js";

const COMPARED = ["spend", "leads", "mqls", "opportunities", "customers", "won_revenue", "cac", "roi"];
const WORDS = { nothing_before: "nothing before", month_not_over: "month not over", too_early: "too early" };

/** ``whyNot(column)`` no change is told of it, in few words, or null; ``note()`` says so; how many of the
 * ``length`` months are ``young``: what they brought still grows; ``isYoung(month)``. */
export function comparison(told) {
  const [held] = told.tables.comparison.records;
  const hindered = (column) => (column.grows ? held.growing_hindrance : held.hindrance);
  return {
    young: Number(held?.young_months ?? 0), length: Number(held?.months ?? 0), judged: held?.judged_month ?? null,
    whyNot: (column) => (held && COMPARED.includes(column.name) ? WORDS[hindered(column)] ?? null : "no comparison"),
    isYoung: (one) => Boolean(held) && (held.judged_month === null || one > held.judged_month),
    note: () => (held ? note(held, told) : ""),
  };
}

function note(held, { chosen: { to_month: last }, by_default: usual }) {
  const length = Number(held.months);
  if (held.hindrance === "nothing_before") return [`No change is told: the books begin in ${month(held.first_month)}. `, comparable(held, usual)];
  if (held.hindrance === "month_not_over") {
    const [from, to] = [shifted(held.whole_month, 1 - length), held.whole_month.slice(0, 7)];
    return [`No change is told while ${month(last)} is not over. `,
      el("a", { href: link({ from_month: from, to_month: to }) }, length === 1 ? month(to) : `${month(from)} – ${month(to)}`), "."];
  }
  const [from, to] = [held.before_from_month, held.before_to_month].map(month);
  return `Change against ${from === to ? from : `${from} – ${to}`}.${held.growing_hindrance ? " What these months brought is too young to compare." : ""}`;
}

/** The way to the months that the page opens on, where as many lie before them; else null. */
function comparable(held, { from_month: from, to_month: to }) {
  if (from <= held.first_month) return null;
  return ["To be compared: ", el("a", { href: link({ from_month: null, to_month: null }) }, from === to ? month(to) : `${month(from)} – ${month(to)}`), "."];
}

/** The mark of a month, or of figures, too early to judge. */
export function tooEarly() {
  return el("span", { class: "tag caution", "data-mark": "early" }, "◔ too early");
}

/** A column of months of first touch that marks those too early to judge. */
export function cohortMonth(compared, name = "cohort_month") {
  return { name, cell: (record) => [month(record[name]), " ", compared.isYoung(record[name]) ? tooEarly() : null] };
}

/** What the mark ◔ in a heading means here, and where to go; nothing where no month is young. */
export function earlyRemark({ young, length, judged }) {
  if (!young) return null;
  const which = young < length ? `${young} of these ${length} months ${young === 1 ? "is" : "are"}` : length === 1 ? "This month is" : "These months are all";
  return remark("caution", `◔ ${which} too early to judge: what they brought still grows. `,
    judged ? [el("a", { href: link({ from_month: shifted(judged, -11), to_month: judged.slice(0, 7) }) }, "The last 12 that can be judged"), " · "] : null,
    el("a", { href: link({}, "cohorts") }, "See the cohorts"));
}
