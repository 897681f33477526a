// Questions to the server. Its ETag is the build: the browser asks again each time and is told
// "unchanged" until the next publish.

import { query } from "./state.js";

/** Why there is no answer: kind is login, refused, missing, unbuilt or offline. */
export class NoAnswer extends Error {
  constructor(kind, sentence) {
    super(sentence);
    this.kind = kind;
  }
}

/** All tables of a view. Each table also carries its name and the view's, for links to its rows. */
export async function ask(view, choices, signal) {
  let response;
  try {
    response = await fetch(`data/${view}${query(choices)}`, {
      signal, headers: { Accept: "application/json" }, credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer("offline", "The server does not answer.");
  }
  if (response.status === 401 || response.status === 403) {
    throw new NoAnswer("login", "Your login to Airflow has ended, or does not reach this far.");
  }
  let told = null;
  try {
    told = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  if (response.ok && told?.tables) return named(told, choices);
  const kinds = { 400: "refused", 404: "missing", 503: "unbuilt" };
  const sentence = typeof told?.detail === "string" ? told.detail : `Status ${response.status}.`;
  throw new NoAnswer(kinds[response.status] ?? "offline", sentence);
}

function named(told, choices) {
  for (const [name, table] of Object.entries(told.tables)) {
    table.name = name;
    table.csv = `csv/${told.view}/${name}${query(choices)}`;
    table.build = told.build;
    table.column = Object.fromEntries(table.columns.map((column) => [column.name, column]));
    table.records = records(table, table.rows);
    table.earlier = table.before ? records(table, table.before) : null;
  }
  return told;
}

function records(table, rows) {
  return rows.map((row) => Object.fromEntries(table.columns.map(({ name }, i) => [name, row[i]])));
}
