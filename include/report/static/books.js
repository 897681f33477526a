// Whether the figures may be believed, in plain sight: do the books close, how old are they.

import { el } from "./element.js";
import { ago, instant, plainNumber } from "./format.js";
import { link } from "./state.js";

const OLD = 36 * 3600 * 1000; // a nightly publish that is missing shows by the next noon

/** ``offered``: the answer of "choices", whose checks count every comparison of the build. */
export function showBooks(offered, told) {
  const { build } = told;
  const [kind, sign, text] = state(offered, build);
  const place = document.getElementById("books");
  place.className = `books ${kind}`;
  place.replaceChildren(
    el("a", { href: link({}, "health"), title: "To the evidence: every comparison, source and day" },
      el("span", { class: "sign", "aria-hidden": "true" }, sign), el("strong", null, text)),
    el("span", { class: "when", title: `Data as of ${instant(build.as_of_at)}; published ${instant(build.published_at)}; publish ${build.publish_number}` },
      `data as of ${instant(build.as_of_at)} · published ${ago(build.published_at)}`));
}

/** alarm, caution or good, its sign and its sentence. */
function state(offered, build) {
  const counts = verdicts(offered);
  if (Date.now() - new Date(build.published_at).getTime() > OLD) {
    return ["alarm", "✕", `The figures are old: published ${ago(build.published_at)}`];
  }
  if (counts.differs) {
    return ["alarm", "✕", `The books do not close: ${plainNumber(counts.differs)} of ${plainNumber(counts.all)} comparisons differ`];
  }
  const missing = (offered.tables.missing?.records ?? []).reduce((sum, row) => sum + Number(row.days), 0);
  if (missing) return ["caution", "!", `The books close; ${plainNumber(missing)} account-days are missing`];
  return counts.all ? ["good", "✓", "The books close"] : ["caution", "!", "Nothing was compared yet"];
}

/** Comparisons by verdict, and all of them. */
export function verdicts(told) {
  const counts = { agrees: 0, differs: 0, unproved: 0, all: 0 };
  for (const row of told.tables.checks?.records ?? []) {
    counts[row.verdict] = (counts[row.verdict] ?? 0) + Number(row.checks);
    counts.all += Number(row.checks);
  }
  return counts;
}
