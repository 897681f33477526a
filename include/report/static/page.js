// The page: which view the address names, its data, and the states between.

import { ask, NoAnswer } from "./ask.js";
import { showBooks } from "./books.js";
import { forget, repaint } from "./charts.js";
import { showChoices } from "./choices.js";
import { el } from "./element.js";
import { unbooked } from "./empty.js";
import { useZone } from "./format.js";
import { chosen, FIRST_VIEW, link } from "./state.js";
import { advice } from "./views/advice.js";
import { audience } from "./views/audience.js";
import { budget } from "./views/budget.js";
import { channels } from "./views/channels.js";
import { cohorts } from "./views/cohorts.js";
import { forecast } from "./views/forecast.js";
import { funnel } from "./views/funnel.js";
import { goals } from "./views/goals.js";
import { health } from "./views/health.js";
import { journeys } from "./views/journeys.js";
import { models } from "./views/models.js";
import { overview } from "./views/overview.js";
import { unplaced } from "./views/unplaced.js";

const VIEWS = [overview, channels, cohorts, funnel, audience, goals, forecast, advice, budget, models, journeys, health, unplaced];
const OPENED = ["campaign_id", "opportunity_id", "person_id"]; // each a place of its own within its view
const SLOW = 150; // milliseconds after which waiting is shown
const ASK_AGAIN = 5 * 60 * 1000; // for a page left open overnight

const main = document.getElementById("main");
const said = document.getElementById("said");
let asking = null;
let offered = null; // what may be chosen, of the build last seen
let last = null; // what is shown: view, its data, the place
let entry = null; // the step of the history that is shown
const tops = new Map(); // how far down each step was left

async function show() {
  asking?.abort();
  asking = new AbortController();
  const mine = asking;
  const { view: named, choices } = chosen();
  const view = VIEWS.find((one) => one.name === named);
  const isNew = last?.view !== view;
  const place = [named, ...OPENED.map((name) => choices[name])].join("\n");
  const top = stepped();
  showTabs(view);
  if (!view) {
    last = null;
    return void showFailure(new NoAnswer("missing", `No view goes by “${named}”.`));
  }
  const waiting = setTimeout(() => {
    main.setAttribute("aria-busy", "true");
    if (isNew) main.replaceChildren(heading(view, null), skeleton());
  }, SLOW);
  try {
    const [told, known] = await Promise.all([
      ask(view.name, choices, mine.signal), offered ?? ask("choices", {}, mine.signal),
    ]);
    if (mine.signal.aborted) return;
    offered = known.build.publish_number === told.build.publish_number ? known
      : await ask("choices", {}, mine.signal);
    useZone(told.reporting_zone);
    const context = { told, choices, offered, ask: (name, more) => ask(name, { ...choices, ...more }, mine.signal) };
    const shown = unbooked(told, context) ?? await view.show(told, context);
    if (mine.signal.aborted) return;
    const isElsewhere = last?.place !== place;
    last = { view, told, place };
    showBooks(offered, told);
    showChoices(offered, told);
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    main.replaceChildren(heading(view, told), ...[shown].flat(Infinity).filter(Boolean));
    main.dataset.shown = view.name;
    main.dataset.place = location.hash;
    forget();
    // who was within what is gone stays at its successor, else at the head of the view
    if (focused) ((focused.id && document.getElementById(focused.id)) || main).focus({ preventScroll: true });
    if (top !== undefined) scrollTo(0, top);
    else if (isElsewhere) scrollTo(0, 0);
    if (isNew) {
      said.textContent = `${view.title} is shown.`;
    } else said.textContent = "The figures are those of the new choice.";
  } catch (error) {
    if (error.name === "AbortError" || mine.signal.aborted) return;
    last = null;
    showFailure(error, view);
    if (!(error instanceof NoAnswer)) throw error;
  } finally {
    clearTimeout(waiting);
    if (asking === mine) main.removeAttribute("aria-busy");
  }
}

/** Remember how far down the step just left was; where the one now shown was left, if it was. */
function stepped() {
  if (entry !== null) tops.set(entry, scrollY);
  entry = history.state?.entry ?? `${Date.now()} ${tops.size}`;
  if (history.state?.entry !== entry) history.replaceState({ entry }, "");
  return tops.get(entry);
}

function showFailure(error, view = null) {
  main.replaceChildren(...[view && heading(view, null), failed(error)].filter(Boolean));
  main.dataset.shown = "failed";
  forget();
}

function heading(view, told) {
  document.title = `${view.title} · Closed Loop`;
  return el("div", { class: "heading" }, el("h1", null, view.title),
    el("p", null, told?.question ?? "\u00a0"));
}

function showTabs(current) {
  const tabs = document.getElementById("views");
  tabs.replaceChildren(el("ul", null, VIEWS.map((view) => el("li", null, el("a", {
    href: link({}, view.name), "aria-current": view === current ? "page" : null,
  }, view.title)))));
  const tab = tabs.querySelector("[aria-current]");
  if (tab) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
}

function skeleton() {
  return el("div", { class: "skeleton", "aria-label": "Loading", role: "img" },
    Array.from({ length: 6 }, () => el("div")), el("div", { class: "large" }), el("div", { class: "large" }));
}

function failed(error) {
  const again = el("button", { type: "button", class: "primary", onclick: () => show() }, "Try again");
  const told = {
    login: ["Log in again", "Reload Airflow's own page in this browser and log in; then try again here.", [again]],
    refused: ["This choice cannot be shown", error.message, [el("a", { class: "button", href: `#${FIRST_VIEW}` }, "Begin anew")]],
    missing: ["There is no such view", error.message, [el("a", { class: "button", href: `#${FIRST_VIEW}` }, "To the overview")]],
    unbuilt: ["No books yet", `${error.message} The first figures stand here after the first publish of closed_loop.`, [again]],
    offline: ["The server does not answer", `${error.message} What was shown may be old; nothing is lost.`, [again]],
  }[error.kind] ?? ["The page has failed", "This is a fault of the page, not of the figures.", [again]];
  return el("section", { class: "failed", role: "alert" }, el("h2", null, told[0]), el("p", null, told[1]),
    error.kind === "login" ? el("p", { class: "note" }, error.message) : null, told[2]);
}

function beginTheme() {
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const tell = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Show it light" : "Show it dark");
  };
  try {
    const kept = localStorage.getItem("closed-loop-theme");
    if (kept) root.dataset.theme = kept;
  } catch { /* storage may be forbidden in a frame; the system's choice holds */ }
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("closed-loop-theme", root.dataset.theme);
    } catch { /* as above */ }
    tell();
    repaint();
  });
  dark.addEventListener("change", () => { tell(); repaint(); });
  tell();
}

function beginShare() {
  const dialog = document.getElementById("address");
  addEventListener("hashchange", () => dialog.close()); // it is of the view before
  document.getElementById("share").addEventListener("click", () => {
    const { from_month: from, to_month: to } = last?.told.uses?.includes("from_month") ? last.told.chosen : {};
    const place = from ? link({ from_month: from.slice(0, 7), to_month: to.slice(0, 7) }) : location.hash;
    const field = el("input", { type: "text", readonly: true, value: new URL(place || "#", location.href).href, "aria-labelledby": "address-title" });
    const copy = el("button", { type: "button", class: "primary", onclick: async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy"); // without HTTPS, or in a frame, there is no other way
      }
      copy.textContent = "Copied";
    } }, "Copy");
    dialog.replaceChildren(
      el("h2", { id: "address-title" }, "This view, as it stands"), field,
      el("p", { class: "note" }, from ? "These months stay, whenever it is opened. " : null, "Who opens it needs a login to Airflow."),
      copy, " ", el("button", { type: "button", onclick: () => dialog.close() }, "Close"));
    dialog.showModal();
    field.select();
  });
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the hash is the view's
  main.focus();
});
beginTheme();
beginShare();
history.scrollRestoration = "manual"; // what is scrolled comes later than the step
addEventListener("hashchange", show);
setInterval(async () => {
  if (document.hidden || !last) return;
  try {
    const now = await ask("choices", {});
    if (now.build.publish_number !== last?.told.build.publish_number) {
      offered = now;
      await show();
    } else showBooks(now, last.told);
  } catch { /* the age of the data tells on its own */ if (last && offered) showBooks(offered, last.told); }
}, ASK_AGAIN);
show();
