"""The words among which a seed, a setting or a mart's column chooses."""

from __future__ import annotations

CHANNELS = (
    "Paid Search",
    "Paid Social",
    "Display",
    "Paid Other",
    "Organic Search",
    "Organic Social",
    "Email",
    "Referral",
    "Direct",
    "Content Syndication",
    "Events",
    "Partner",
    "Outbound",
    "Other",
)
"""The channels a rule may name; ``Unattributed`` is only ever the lack of one."""

MEDIUMS = (
    "cpc",
    "display",
    "video",
    "paid social",
    "paid other",
    "organic",
    "social",
    "email",
    "referral",
    "content syndication",
    "event",
    "partner",
    "outbound",
)
SOURCE_KINDS = ("search", "social", "video", "email", "direct", "website")
OFFER_TYPES = (
    "website",
    "demo",
    "trial",
    "white_paper",
    "webinar",
    "event",
    "newsletter",
    "email",
    "content",
    "call",
    "other",
)
TYPE_GROUPS = ("new_business", "expansion", "renewal")
STAGE_GROUPS = ("early", "evaluation", "negotiation", "won", "lost")
ACTIVITIES = ("task", "event")
FUNNEL_STAGES = ("lead", "mql", "sql", "disqualified")
ATTRIBUTION_MODELS = (
    "first_touch",
    "first_paid_touch",
    "first_non_direct_touch",
    "lead_creation",
    "u_shaped",
    "w_shaped",
    "last_touch",
    "linear",
    "full_path",
    "time_decay",
    "markov",
    "shapley",
)

SEGMENT_DIMENSIONS = (
    "sector",
    "company_size",
    "region",
    "seniority",
    "product_interest",
    "pain_point",
    "urgency",
)
"""By what people are told apart, in the order in which they are shown."""
RULED_DIMENSIONS = tuple(name for name in SEGMENT_DIMENSIONS if name != "company_size")
TOLD_BY = ("field", "offer", "content")
"""What a rule of segments may go by: the CRM's word, the kind of offer, the name of the content."""

GOAL_METRICS = (
    "visitors",
    "leads",
    "mqls",
    "sqls",
    "opportunities",
    "customers",
    "won_revenue",
    "spend",
)
"""What a goal may be of, in the order of the way to a purchase."""
GOALS_OF_MONEY = ("won_revenue", "spend")
GOAL_PERIODS = ("week", "month", "quarter", "year")
ALL_CHANNELS = "All"
"""Every channel together, ``Unattributed`` too: of a goal, and where a mart has a row of it."""

RATE_SOURCES = ("seed", "crm")
