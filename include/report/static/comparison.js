// What may be held against the period before; where nothing may, why.

import { counted, month, shifted } from "./format.js";

const SOON_KNOWN = ["spend", "leads", "mqls"];
const GROWING = ["opportunities", "customers", "won_revenue", "cac", "roi"];

/** ``columns`` a change is told of, ``why(column)`` no change is told of another, in few words, a
 * ``note``, and how many of the months are ``young``: what they brought still grows. */
export function comparison(told, { offered }) {
  const [held] = offered.tables.months.records;
  const [from, to] = [told.chosen.from_month, told.chosen.to_month].map(counted);
  const length = to - from + 1;
  const old = held?.judged_month ? counted(held.judged_month) : -Infinity;
  const young = Math.max(0, to - Math.max(old, from - 1));
  const none = (text, note) => ({ columns: [], why: () => text, note, young, length });
  const first = held && (held.first_spend_month ?? held.first_month);
  if (!held || from - length < counted(first)) {
    return none("nothing before", held ? `No change is told: the books begin in ${month(first)}.` : "");
  }
  if (length <= 3 && to >= counted(held.last_month)) return none("month not over", "No change is told while the last month is not over.");
  const against = `Change against ${before(told.chosen.from_month, length)}.`;
  if (!young) return { columns: [...SOON_KNOWN, ...GROWING], why: () => "no comparison", note: against, young, length };
  return {
    columns: SOON_KNOWN, young, length,
    why: (column) => (GROWING.includes(column) ? "too early" : "no comparison"),
    note: `${against} What these months brought is too young to compare.`,
  };
}

function before(from, length) {
  return length === 1 ? month(shifted(from, -1)) : `${month(shifted(from, -length))} – ${month(shifted(from, -1))}`;
}
