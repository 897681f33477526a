// Values as the reader's country writes them. Decimals come as texts and stay exact: Intl reads
// them digit by digit, no float lies between.

const locales = navigator.languages?.length ? navigator.languages : undefined;
let zone = "UTC";
const kept = new Map();

/** Instants are shown in this time zone. */
export function useZone(reportingZone) {
  zone = reportingZone;
}

export const NOTHING = "–";

function numbers(options) {
  const key = JSON.stringify(options);
  if (!kept.has(key)) kept.set(key, new Intl.NumberFormat(locales, options));
  return kept.get(key);
}

function dates(options) {
  const key = `date ${JSON.stringify(options)}`;
  if (!kept.has(key)) kept.set(key, new Intl.DateTimeFormat(locales, options));
  return kept.get(key);
}

/** How many decimals suit all values of a column: few for large ones. */
export function digitsFor(kind, values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(Number(value ?? 0))), 0);
  if (largest === 0) return 0;
  if (kind === "money") return largest >= 1000 ? 0 : 2;
  if (kind === "percent") return largest >= 10 ? 0 : 1;
  if (kind === "times") return largest >= 100 ? 0 : 2;
  if (kind === "number") return values.every((value) => Number(value ?? 0) % 1 === 0) ? 0 : 1;
  return 0;
}

/**
 * A value as text. ``column`` gives kind and unit; ``digits`` the decimals (else by the value).
 * With ``symbol``, money carries its currency.
 */
export function shown(value, column, { digits = null, symbol = false, short = false } = {}) {
  if (value === null || value === undefined || value === "") return NOTHING;
  const places = digits ?? digitsFor(column.kind, [value]);
  const fraction = { minimumFractionDigits: places, maximumFractionDigits: places };
  if (short) Object.assign(fraction, { notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 });
  switch (column.kind) {
    case "count":
    case "number":
      return numbers(fraction).format(value);
    case "money":
      return symbol && /^[A-Z]{3}$/.test(column.unit ?? "")
        ? numbers({ style: "currency", currency: column.unit, currencyDisplay: "narrowSymbol", ...fraction }).format(value)
        : numbers(fraction).format(value);
    case "percent":
      return numbers({ style: "percent", ...fraction }).format(value);
    case "times":
      return `${numbers(fraction).format(value)}×`;
    case "date":
      return column.name.endsWith("month") ? month(value) : day(value);
    case "instant":
      return moment(value);
    case "boolean":
      return value ? "yes" : "no";
    default:
      return String(value);
  }
}

export function isNumeric(column) {
  return ["count", "number", "money", "percent", "times"].includes(column.kind);
}

export function plainNumber(value, digits = 0) {
  return numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function day(text) {
  return dates({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(`${text}T00:00:00Z`));
}

export function month(text) {
  return dates({ month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(`${text.slice(0, 7)}-01T00:00:00Z`));
}

/** How many months lie between year 0 and ``text`` (2026-03, also with a day). */
export function counted(text) {
  return Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7)) - 1;
}

/** The month ``count`` months after ``text``. */
export function shifted(text, count) {
  const months = counted(text) + count;
  return `${String(Math.floor(months / 12)).padStart(4, "0")}-${String((months % 12) + 1).padStart(2, "0")}`;
}

export function shortMonth(text) {
  return dates({ month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${text.slice(0, 7)}-01T00:00:00Z`));
}

/** The time zone that instants are shown in. */
export function zoneName() {
  return zone;
}

const MOMENT = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };

/** An instant with its zone. */
export function instant(text) {
  return dates({ ...MOMENT, timeZoneName: "short", timeZone: zone }).format(new Date(text));
}

/** An instant where the zone is said beside it. */
export function moment(text) {
  return dates({ ...MOMENT, timeZone: zone }).format(new Date(text));
}

export function clock(text) {
  return dates({ hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(text));
}

/** "5 hours ago", by the reader's own clock. */
export function ago(text, now = Date.now()) {
  const minutes = Math.round((new Date(text).getTime() - now) / 60000);
  const spoken = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return spoken.format(minutes, "minute");
  if (Math.abs(minutes) < 48 * 60) return spoken.format(Math.round(minutes / 60), "hour");
  return spoken.format(Math.round(minutes / 1440), "day");
}

const LESS_IS_BETTER = new Set(["cpl", "cac", "cpc", "cpm"]);
const NEITHER = new Set(["spend", "impressions", "clicks", "reported_conversions"]);

/**
 * How a figure moved since the period before, or null where that says nothing.
 * ``verdict`` is better, worse or neither; shares move in percentage points, others in percent.
 */
export function change(now, before, column) {
  if (now === null || before === null || now === undefined || before === undefined) return null;
  const [new_, old] = [Number(now), Number(before)];
  const signed = { signDisplay: "exceptZero", maximumFractionDigits: 1 };
  let moved, text;
  if (column.kind === "percent") {
    moved = new_ - old;
    text = `${numbers({ ...signed, maximumFractionDigits: Math.abs(moved) >= 0.1 ? 0 : 1 }).format(moved * 100)} pp`;
  } else {
    if (old === 0) return null;
    moved = (new_ - old) / Math.abs(old);
    text = numbers({ style: "percent", ...signed, maximumFractionDigits: Math.abs(moved) >= 0.1 ? 0 : 1 }).format(moved);
  }
  const isGood = LESS_IS_BETTER.has(column.name) ? moved < 0 : moved > 0;
  const verdict = moved === 0 || NEITHER.has(column.name) ? "neither" : isGood ? "better" : "worse";
  return { text, verdict, arrow: moved > 0 ? "▲" : moved < 0 ? "▼" : "=" };
}
