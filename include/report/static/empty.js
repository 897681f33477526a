// Why there is nothing to show: no data of these months, filters that leave nothing over, or neither.

import { nothing } from "./card.js";
import { platformName } from "./choices.js";
import { el, name as outside } from "./element.js";
import { month } from "./format.js";
import { link } from "./state.js";

const FILTERS = ["channel", "platform", "account_id", "campaign_id", "ad_group_id", "currency_code"];

/** ``what`` is missing, as a sentence's beginning: "Nobody came". */
export function empty(what, told, { choices, offered }) {
  const { from_month: from, to_month: to } = told.chosen;
  const [held] = offered.tables.months.records;
  const months = span(told.chosen);
  if (!held) return nothing("Nothing has been loaded yet that cost or brought anything.");
  if (to < held.first_month || from > held.last_month) {
    return nothing([`There is no data of ${months}: the books hold ${month(held.first_month)} – ${month(held.last_month)}. `,
      el("a", { href: link({ from_month: null, to_month: null }) }, span(told.by_default))]);
  }
  const filters = FILTERS.filter((name) => choices[name] && told.uses.includes(name));
  if (!filters.length) return nothing(`${what} in ${months}. Choose other months.`);
  return nothing([apart(choices, offered) ?? `${what} in ${months} under these filters. `,
    el("a", { href: link(Object.fromEntries(FILTERS.map((name) => [name, null]))) }, "Without filters")]);
}

/** That nothing was ever booked in the currency chosen: its zeros would read as sums. */
export function unbooked(told, { choices, offered }) {
  const { currency_code: code } = choices;
  const isKnown = offered.tables.currencies.records.some((one) => one.currency_code === code);
  if (!code || isKnown || !told.uses.includes("currency_code")) return null;
  return nothing(["Nothing was ever booked in ", outside(code), ". ", el("a", { href: link({ currency_code: null }) }, `In ${told.reporting_currency}, converted`)]);
}

function span({ from_month: from, to_month: to }) {
  return from === to ? month(from) : `${month(from)} – ${month(to)}`;
}

/** That what is chosen has nothing in common in any month, where that is known. */
function apart({ channel, platform, account_id: account, campaign_id: campaign }, { tables }) {
  const { channels, platforms, accounts, campaigns } = tables;
  if (channel && !channels.records.some((one) => one.channel === channel)) return ["There is no channel ", outside(channel), ". "];
  if (platform && !platforms.records.some((one) => one.platform === platform)) return ["There is no platform ", outside(platform), ". "];
  const within = (one) => (!platform || one.platform === platform) && (!account || one.account_id === account);
  if (account && !accounts.records.some(within)) return ["These filters exclude each other: the account is none of ", outside(platformName(platform)), ". "];
  const possible = campaigns.records.filter((one) => within(one) && (!campaign || one.campaign_id === campaign));
  if (campaign && !possible.length) return "These filters exclude each other: the campaign is none of this platform and account. ";
  const isApart = channel && possible.length && possible.every((one) => one.channel !== null && one.channel !== channel);
  return isApart ? ["These filters exclude each other: no campaign of ", campaign ? "this choice" : outside(platformName(platform)), " belongs to the channel ", outside(channel), ". "] : null;
}
