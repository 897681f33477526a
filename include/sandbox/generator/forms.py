"""Lead forms on the networks themselves: who fills one instead of visiting the site."""

from include.sandbox.generator.campaigns import LINKEDIN, META, Campaign
from include.sandbox.generator.capture import Capture, FormFill, Place
from include.sandbox.generator.frame import AS_OF, HOUR, Frame, day_of

_SHARE = 0.3
# How many days back each network answers lead forms.
# https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving (90 days)
# https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync (a year)
_KEPT_DAYS = {META: 90, LINKEDIN: 365}
_LEAD_SOURCES = {META: "Facebook Ads", LINKEDIN: "LinkedIn Ads"}
# The campaigns whose ads open a form.
FORM_KINDS = ("OUTCOME_LEADS", "LEAD_GENERATION")


def form_id(campaign: Campaign) -> str:
    """The id of the campaign's form."""
    return f"{'118' if campaign.platform == META else '9'}{campaign.campaign_id[-8:]}"


class LeadForms:
    """Decides which leads of a campaign came through its form."""

    def __init__(self, frame: Frame) -> None:
        self._rng = frame.chance("lead forms")

    def instead(self, campaign: Campaign, at: int) -> Capture | None:
        """What a lead that reaches the CRM at an instant leaves when it filled the network's form
        minutes to hours before; None for those who came to the site.

        The CRM knows no more of it than a picklist value. No form is filled within two days of the
        oldest day its network answers: whether that is still there depends on the hour of asking.
        """
        rng = self._rng
        if campaign.kind not in FORM_KINDS or rng.random() >= _SHARE:
            return None
        filled = at - 60 - int(rng.random() ** 2 * 3 * HOUR)
        beyond = AS_OF.toordinal() - _KEPT_DAYS[campaign.platform] - day_of(filled)
        if -2 <= beyond <= 2:
            return None
        group = campaign.groups[-1]
        number = "4" + "".join(rng.choices("0123456789", k=15))
        form = FormFill(campaign, group, rng.choice(group.ads), number, filled, beyond < 0)
        true = Place(
            campaign.channel, campaign.platform, campaign.account.account_id, campaign.campaign_id
        )
        return Capture(
            {"LeadSource": _LEAD_SOURCES[campaign.platform]},
            "lead_source_only" if form.is_kept else "lead_form_too_old",
            true,
            Place(campaign.channel),
            form=form,
        )
