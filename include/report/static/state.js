// The reader's choices, kept in the address: a view can be bookmarked, shared and gone back to.

export const ASKED = [
  "from_month", "to_month", "model", "type_group", "currency_code", "channel", "platform",
  "account_id", "campaign_id", "ad_group_id", "source", "search", "opportunity_id", "person_id",
];
// What is the page's own affair and never asked of the server.
const SHOWN = ["sort"];
// What stays when the reader goes to another view.
const KEPT = [
  "from_month", "to_month", "model", "currency_code", "channel", "platform", "account_id",
  "campaign_id",
];
export const FIRST_VIEW = "overview";

/** The view and the choices that the address names; what it does not name is not there. */
export function chosen() {
  const [view, query] = location.hash.slice(1).split("?", 2);
  const choices = {};
  for (const [name, value] of new URLSearchParams(query ?? "")) {
    if (value && (ASKED.includes(name) || SHOWN.includes(name))) choices[name] = value;
  }
  return { view: view || FIRST_VIEW, choices };
}

/** The address of a view with these changes to the choices; null takes a choice back. */
export function link(changes = {}, view = null) {
  const now = chosen();
  const names = view && view !== now.view ? KEPT : [...ASKED, ...SHOWN];
  const all = { ...now.choices, ...changes };
  const query = new URLSearchParams();
  for (const name of [...ASKED, ...SHOWN]) {
    if ((names.includes(name) || name in changes) && all[name]) query.set(name, all[name]);
  }
  const text = query.toString();
  return `#${view ?? now.view}${text ? `?${text}` : ""}`;
}

/** Go there, so that the back button leads here. */
export function go(changes, view = null) {
  location.hash = link(changes, view);
}

/** Remember it in the address without a step of its own in the history. */
export function note(changes) {
  history.replaceState(history.state, "", link(changes));
}

/** The part of an address that the server is asked with. */
export function query(choices) {
  const asked = new URLSearchParams();
  for (const name of ASKED) if (choices[name]) asked.set(name, choices[name]);
  const text = asked.toString();
  return text ? `?${text}` : "";
}
