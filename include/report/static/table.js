// Tables: sorted by any column, exact values underneath, rows to CSV, and where they come from.

import { el, name as outside } from "./element.js";
import { change, digitsFor, isNumeric, NOTHING, shown, zoneName } from "./format.js";
import { chosen, note } from "./state.js";

const AT_FIRST = 25;

/**
 * A table of a view's answer.
 *
 * options: caption (said to screen readers) · columns: names in order, or {name, label, cell(record)
 * → node, digits, bar, href(record) → where its rows are} · sort: {by, down} at first (else the server's order) · earlier: key column
 * by which rows of the period before are found · compared: what may be held against it, and which
 * figures still grow · atFirst: rows shown before "show all" · total: a record for the last line ·
 * mark(record) → class of a row.
 */
export function table(answer, options) {
  const columns = options.columns
    .map((column) => (typeof column === "string" ? { name: column } : column))
    .filter((column) => column.cell || answer.column[column.name])
    .map((column) => described(answer, column));
  const remembered = sortOf(answer.name, columns);
  let sort = remembered ?? options.sort ?? null;
  let atFirst = options.atFirst ?? AT_FIRST;
  const body = el("tbody");
  const heads = columns.map((column) => head(column, options.compared, () => {
    const down = sort?.by === column.name ? !sort.down : column.isNumeric;
    sort = { by: column.name, down };
    note({ sort: `${answer.name}.${column.name}.${down ? "down" : "up"}` });
    fill();
  }));
  const more = el("button", { type: "button", class: "more", onclick: () => { atFirst = Infinity; fill(); } });

  function fill() {
    const records = sort ? sorted(answer.records, sort, columns) : answer.records;
    body.replaceChildren(...records.slice(0, atFirst).map((record) => row(record, columns, answer, options)));
    more.hidden = records.length <= atFirst;
    more.textContent = `Show all ${records.length} rows`;
    heads.forEach((cell, i) => {
      const isSorted = sort?.by === columns[i].name;
      if (isSorted) cell.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }
  fill();
  const foot = options.total
    ? el("tfoot", null, row(options.total, columns, answer, { ...options, mark: null }))
    : null;
  const wide = el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `${options.caption}, table` },
    el("table", { "data-table": answer.name },
      el("caption", { class: "unseen" }, options.caption),
      el("thead", null, el("tr", null, heads)), body, foot));
  const hint = el("p", { class: "hint", hidden: true, "aria-hidden": "true" }, "more columns →");
  const tell = () => { hint.hidden = wide.scrollLeft + wide.clientWidth >= wide.scrollWidth - 4; };
  wide.addEventListener("scroll", tell, { passive: true });
  new ResizeObserver(tell).observe(wide);
  return el("div", { class: "tabled" }, wide, hint, more);
}

function described(answer, column) {
  const told = answer.column[column.name] ?? { name: column.name, kind: "text", label: "" };
  const values = answer.records.map((record) => record[column.name]);
  const numeric = column.isNumeric ?? isNumeric(told);
  return {
    ...told, ...column,
    label: column.label ?? told.label,
    isNumeric: numeric,
    digits: numeric ? column.digits ?? digitsFor(told.kind, values) : null,
    most: column.bar ? values.reduce((most, value) => Math.max(most, Number(value ?? 0)), 0) : 0,
  };
}

function head(column, compared, onclick) {
  const early = column.grows && compared?.young ? `${compared.young} of ${compared.length} months are too early to judge: this still grows` : null;
  const unit = column.kind === "instant" ? zoneName() : column.unit;
  const told = [column.meaning, unit && `in ${unit}`, early].filter(Boolean).join("; ");
  return el("th", { scope: "col", class: column.isNumeric ? "number" : null },
    el("button", { type: "button", title: told || null, onclick }, el("span", null, column.label || "\u00a0"),
      column.kind === "instant" || (column.kind === "money" && /^[A-Z]{3}$/.test(unit ?? "")) ? el("span", { class: "unit" }, ` ${unit}`) : null,
      early && el("span", { class: "early", "data-mark": "early" }, " ◔", el("span", { class: "unseen" }, " still grows")),
      el("span", { class: "order", "aria-hidden": "true" })));
}

function row(record, columns, answer, options) {
  const before = options.earlier
    ? answer.earlier?.find((old) => old[options.earlier] === record[options.earlier]) : null;
  return el("tr", { class: options.mark?.(record) || null },
    columns.map((column, i) => {
      const value = record[column.name];
      const content = column.cell ? column.cell(record)
        : column.isNumeric || column.kind === "instant" || column.kind === "date"
          ? through(figure(value, column, {}, reason(record, column)), value === null || value === undefined ? null : column.href?.(record)) : value === null || value === undefined ? NOTHING : outside(shown(value, column));
      const moved = before && options.compared && options.compared.whyNot(column) === null
        ? changed(change(value, before[column.name], column)) : null;
      const cell = el(i === 0 ? "th" : "td", {
        scope: i === 0 ? "row" : null, class: column.isNumeric ? "number" : column.long ? "long" : null,
      }, content, moved);
      if (column.most > 0 && Number(value) > 0) {
        cell.classList.add("bar");
        cell.style.setProperty("--part", `${Math.round((100 * Number(value)) / column.most)}%`);
      }
      return cell;
    }));
}

/** A figure that leads to its rows. */
function through(shown_, href) {
  return href ? el("a", { class: "through", href }, shown_) : shown_;
}

const COSTS = ["cpl", "cac", "cpc", "cpm", "roas", "roi"];

/** Why a ratio is not there, where the row or the choice tells. */
export function reason(record, column) {
  if (!COSTS.includes(column.name) || record.spend === null || record.spend === undefined) return null;
  if (Number(record.spend) === 0) return "Nothing was spent here";
  const isBooked = record[column.name] === null && chosen().choices.currency_code;
  return isBooked ? "Some is booked in other currencies: no ratio but in the converted one" : null;
}

/** A figure as the reader writes it, with the exact value underneath. */
export function figure(value, column, how = {}, why = null) {
  if (value === null || value === undefined) {
    return el("span", { class: "none", title: why ?? "not defined" }, NOTHING, why && el("span", { class: "unseen" }, why));
  }
  return el("data", { class: Number(value) === 0 ? "none" : null, value: String(value), title: exact(value, column), "data-column": column.name },
    shown(value, column, { digits: column.digits, ...how }));
}

function exact(value, column) {
  if (!isNumeric(column)) return null;
  const unit = column.kind === "percent" ? "(a fraction)" : column.unit ?? "";
  return `${value} ${unit}`.trim();
}

/** How a figure moved, said by arrow, sign and word as well as colour. */
export function changed(moved) {
  if (!moved) return null;
  const word = { better: "better", worse: "worse", neither: "" }[moved.verdict];
  return el("span", { class: `change ${moved.verdict}` },
    el("span", { "aria-hidden": "true" }, `${moved.arrow} `), moved.text,
    word && el("span", { class: "unseen" }, `, ${word} than the period before`));
}

function sortOf(tableName, columns) {
  const [of, by, way] = (chosen().choices.sort ?? "").split(".");
  return of === tableName && columns.some((column) => column.name === by) ? { by, down: way === "down" } : null;
}

function sorted(records, { by, down }, columns) {
  const numeric = columns.find((column) => column.name === by)?.isNumeric;
  const order = numeric ? (a, b) => Number(a) - Number(b) : (a, b) => String(a).localeCompare(String(b));
  const known = records.filter((record) => record[by] !== null && record[by] !== undefined);
  const unknown = records.filter((record) => record[by] === null || record[by] === undefined);
  known.sort((a, b) => order(a[by], b[by]) * (down ? -1 : 1));
  return [...known, ...unknown];
}
