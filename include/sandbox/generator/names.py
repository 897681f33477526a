"""Names of people, firms and record ids."""

import string
import unicodedata
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Anna Ben Carla David Elena Felix Greta Henrik Ines Jonas Katrin Lukas Maria Nils Olivia Paul "
    "Renate Stefan Tanja Ulrich Vera Wolfgang Yasmin Emma James Sophie Oliver Charlotte William "
    "Emily Thomas Grace George Hannah Michael Jennifer Robert Linda Christopher Amanda Brian "
    "Megan Kevin Rachel Jason Priya Arjun Mei Wei Aylin Mehmet Chloé François Amélie Luc Giulia "
    "Marco Søren Ingrid Zoë José Lucía"
)
_LAST = _words(
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter "
    "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Werner Krause "
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans "
    "Walker White Roberts Green Hall Wood Jackson Clarke Martin Garcia Rodriguez Hernandez Lopez "
    "Nguyen Patel Kim Chen Yılmaz Rossi Ferrari Dubois Moreau Lefèvre Jensen Nielsen Larsson "
    "O'Brien Fitzgerald"
)
_STEMS = _words(
    "Alster Birken Castell Delta Elb Falken Granit Havel Isar Juniper Kranich Linden Mosel Nord "
    "Orion Pegasus Quadrat Rhein Saphir Tannen Ulmen Vega Wald Zenit Amber Beacon Cedar Dover "
    "Evergreen Forge Garnet Harbor Ironbridge Keystone Lakeside Meridian Northgate Oakfield "
    "Pioneer Quarry Ridge Summit Thornton Union Vanguard Westport Yorkshire Bluewater Copper Ember"
)
_TRADES = _words(
    "Logistik Maschinenbau Medizin Energie Handel Software Bau Chemie Verlag Analytics Freight "
    "Foods Components Health Retail Systems Energy Packaging Textiles Optics Robotics Services "
    "Mobility Materials Pharma Consulting Media Finance Insurance Tools"
)
INDUSTRIES = (
    "Manufacturing", "Transportation", "Healthcare", "Energy", "Retail", "Technology",
    "Construction", "Chemicals", "Media", "Finance", "Consulting", "Insurance",
)  # fmt: skip
TITLES = (
    "CFO", "Head of Controlling", "Finance Director", "Controller", "VP Finance", "FP&A Manager",
    "Managing Director", "Head of IT", "Business Analyst", "Accountant", "COO", "Team Lead Finance",
)  # fmt: skip
FREE_MAIL = ("gmail.com", "gmx.de", "outlook.com", "web.de", "yahoo.com")

_DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_CHECK = string.ascii_uppercase + "012345"
PREFIXES = {
    "Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006",
    "OpportunityContactRole": "00K", "Campaign": "701", "CampaignMember": "00v", "User": "005",
    "RecordType": "012", "OpportunityHistory": "008", "FieldHistory": "017",
    "OpportunityStage": "01J", "CurrencyType": "01L", "DatedConversionRate": "04w", "Task": "00T",
    "Event": "00U",
}  # fmt: skip
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def salesforce_id(sobject: str, number: int) -> str:
    """An 18-character id: key prefix, instance, a counter in base 62, and the case check.

    https://help.salesforce.com/s/articleView?id=000385008 (how the three check letters are made)
    """
    counter = ""
    for _ in range(8):
        number, digit = divmod(number, 62)
        counter = _ALPHABET[digit] + counter
    body = f"{PREFIXES[sobject]}5g00{counter}"
    check = ""
    for start in (0, 5, 10):
        bits = sum(
            1 << place
            for place, letter in enumerate(body[start : start + 5])
            if letter in string.ascii_uppercase
        )
        check += _CHECK[bits]
    return body + check


class Ids:
    """Hands out the ids of one org, per object, in order."""

    def __init__(self) -> None:
        self._last = dict.fromkeys(PREFIXES, 50_000)

    def new(self, sobject: str) -> str:
        """The next id of an object."""
        self._last[sobject] += 7
        return salesforce_id(sobject, self._last[sobject])


def person_name(rng: Random) -> tuple[str, str]:
    """First and last name."""
    return rng.choice(_FIRST), rng.choice(_LAST)


def ascii_slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a name, as an address carries it."""
    text = text.replace("ß", "ss").replace("ı", "i").replace("ø", "o").replace("Ø", "O")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


def firm_name(rng: Random, country: str) -> str:
    """The name of a firm, with the legal form of its country."""
    forms = {
        "Germany": ("GmbH", "AG", "GmbH & Co. KG", "SE"),
        "Austria": ("GmbH", "AG"),
        "Switzerland": ("AG", "SA"),
        "France": ("SA", "SAS"),
        "United Kingdom": ("Ltd", "plc"),
        "United States": ("Inc.", "LLC", "Corp."),
    }
    stem = rng.choice(_STEMS if rng.random() < 0.5 else _LAST)
    return f"{stem} {rng.choice(_TRADES)} {rng.choice(forms[country])}"


def token(rng: Random, length: int) -> str:
    """Letters and digits, as click ids are made of."""
    return "".join(rng.choices(_DIGITS, k=length))
