// A campaign in words: how it is called, whose it is, and whether its tags bring touches.

import { remark } from "./card.js";
import { platformName } from "./choices.js";
import { el } from "./element.js";
import { plainNumber, shown } from "./format.js";
import { link } from "./state.js";

const NO_CAMPAIGN = ["unmatched", "unattributed"];

/** Whether it is a campaign, and not what no campaign is known of. */
export function isCampaign({ campaign_id }) {
  return !NO_CAMPAIGN.includes(campaign_id);
}

export function campaignName(record) {
  if (isCampaign(record)) return record.campaign_name || record.campaign_id;
  return [record.channel, platformName(record.campaign_id).toLowerCase()].filter((part, i) => i || part).join(", ");
}

/** Whose campaign it is; what is none has at most a network. */
export function origin(record) {
  return [NO_CAMPAIGN.includes(record.platform) ? null : platformName(record.platform), isCampaign(record) && record.account_name]
    .filter((one, i, all) => one && all.indexOf(one) === i).join(" · ");
}

/** How many of the campaign's months with spend have no touch that bears its tags, or null. */
export function untagged(record) {
  const months = Number(record.months_without_touch ?? 0);
  return months ? `${plainNumber(months)} ${months === 1 ? "month" : "months"} without a tagged touch` : null;
}

function evidence({ platform, account_id, campaign_id }) {
  return link({ channel: null, platform, account_id, campaign_id, sort: null }, "unplaced");
}

/** The mark beside the campaign's name; it leads to what could not be placed. */
export function untaggedMark(record) {
  return untagged(record) && el("a", {
    class: "tag caution", href: evidence(record), "data-mark": "untagged",
    title: "Money was spent and nobody is known to have come by it: this may be a tagging fault",
  }, `! ${untagged(record)}`);
}

/** The same in a sentence, for the campaign's own page. */
export function untaggedRemark(record, column) {
  if (!untagged(record)) return null;
  const money = shown(record.spend_without_touch_base, column.spend_without_touch_base, { symbol: true });
  return remark("caution", `${money} was spent in ${untagged(record)}: this may be a tagging fault. Check the campaign's links before you judge it by its return. `,
    el("a", { href: evidence(record) }, "What could not be placed"));
}
