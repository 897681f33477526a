"""SOQL over a data set: what each query finds, and how refusals are worded."""
# ruff: noqa: S608 (SOQL of the tests' own making)

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.sandbox import soql, soql_engine
from include.sandbox.dataset import DataSet, World
from include.sandbox.salesforce_org import org
from include.sandbox.salesforce_values import id_key, long_id
from include.sandbox.soql import SoqlError
from include.sandbox.soql_dates import span_of
from tests.sandbox.running import write_data_set
from tests.sandbox.salesforce_data import EVERYTHING, FILES, key

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    tasks = {"salesforce/Task": EVERYTHING["salesforce/Task"]}
    files = {**FILES, **tasks, "salesforce/Lead": FILES["salesforce/Lead"][:30]}
    return World(DataSet(write_data_set(tmp_path_factory.mktemp("data"), files)))


@pytest.fixture(scope="module")
def run(world: World) -> Iterator[Run]:
    def rows(text: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        result = soql_engine.run(soql.parse(text), org(world), deleted)
        return [_bare(result.project(row, "68.0")) for row in result.rows]

    return rows


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name != "attributes"}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def names(rows: list[dict[str, Any]], column: str = "Name") -> list[Any]:
    return [row[column] for row in rows]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name != 'acme'", ["zeta"]),
        ("Name > 'B'", ["zeta"]),
        ("Industry = null", ["zeta"]),
        ("Industry != null", ["Acme"]),
        ("Industry != 'Banking'", ["Acme", "zeta"]),
        ("NOT Industry = 'software'", ["zeta"]),
        ("Industry IN ('software', 'x')", ["Acme"]),
        ("Industry NOT IN ('software')", ["zeta"]),
        ("Name LIKE '_c%'", ["Acme"]),
        ("Name LIKE '%E'", ["Acme"]),
        ("NumberOfEmployees >= 120", ["Acme"]),
        ("NumberOfEmployees < 120", []),
        ("AnnualRevenue = 1000000.0", ["Acme"]),
        ("Name = 'zeta' OR (Name = 'Acme' AND Industry = null)", ["zeta"]),
        ("CreatedDate = 2025-01-01T08:00:00Z", ["Acme"]),
        ("CreatedDate >= 2025-01-01T10:00:01+02:00", ["zeta"]),
        (f"Id = '{key('001', 1)}'", ["Acme"]),
        (f"Id = '{key('001', 1)[:15]}'", ["Acme"]),
        (f"Id IN ('{key('001', 2)[:15]}')", ["zeta"]),
        ("Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)", ["Acme"]),
        ("Id NOT IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)", ["zeta"]),
        ("Owner.Name = 'grace hopper'", ["Acme", "zeta"]),
        ("Account.Name = 'Acme'", ["Acme"]),
    ],
)
def test_conditions(run: Run, where: str, found: list[str]) -> None:
    assert names(run(f"SELECT Name FROM Account WHERE {where} ORDER BY Name")) == found


def test_deleted_records_show_only_when_asked_for(run: Run) -> None:
    assert len(run("SELECT Id FROM Account")) == 2
    assert len(run("SELECT Id FROM Account", deleted=True)) == 3
    assert len(run("SELECT Id FROM Account ALL ROWS")) == 3
    tombstone = run("SELECT Name, MasterRecordId FROM Account WHERE IsDeleted = true", deleted=True)
    assert tombstone == [{"Name": "Beta 100%", "MasterRecordId": key("001", 1)}]


def test_like_tells_an_escaped_percent_from_a_wildcard(run: Run) -> None:
    found = run(r"SELECT Name FROM Account WHERE Name LIKE 'beta 100\%'", deleted=True)
    assert names(found) == ["Beta 100%"]
    assert run(r"SELECT Name FROM Account WHERE Name LIKE 'beta 1\%'", deleted=True) == []


def test_a_quoted_quote(run: Run) -> None:
    assert len(run(r"SELECT Id FROM Opportunity WHERE Name LIKE 'O\'Brien%'")) == 1


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("Amount", [None, 0.1, 0.2, 12345.67]),
        ("Amount DESC", [None, 12345.67, 0.2, 0.1]),
        ("Amount DESC NULLS LAST", [12345.67, 0.2, 0.1, None]),
        ("Amount ASC NULLS LAST LIMIT 2", [0.1, 0.2]),
        ("Amount ASC NULLS LAST LIMIT 2 OFFSET 1", [0.2, 12345.67]),
        ("AccountId NULLS LAST, Amount DESC", [12345.67, 0.2, 0.1, None]),
    ],
)
def test_order(run: Run, order: str, found: list[Any]) -> None:
    assert names(run(f"SELECT Amount FROM Opportunity ORDER BY {order}"), "Amount") == found


def test_names_run_through_relationships_and_keep_their_own_spelling(run: Run) -> None:
    rows = run("select id, ACCOUNT.owner.name from contact c where c.lastname = 'turing'")
    assert rows == [
        {"Id": key("003", 1), "Account": {"Owner": {"Name": "Grace Hopper"}}},
    ]
    assert run("SELECT Account.Name FROM Contact WHERE LastName = 'Gauss'") == [{"Account": None}]


def test_custom_objects_are_reached_through_custom_relationships(run: Run) -> None:
    assert run("SELECT Name, Lead__r.Email FROM Visit__c") == [
        {"Name": "V-1", "Lead__r": {"Email": "ada1@example.com"}}
    ]


def test_child_queries(run: Run) -> None:
    rows = run("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account")
    assert rows == [
        {"Name": "Acme", "Contacts": {"totalSize": 2, "done": True,
                                      "records": [{"LastName": "Noether"},
                                                  {"LastName": "Turing"}]}},
        {"Name": "zeta", "Contacts": None},
    ]  # fmt: skip


def test_groups(run: Run) -> None:
    rows = run("SELECT StageName, COUNT(Id) deals, SUM(Amount) FROM Opportunity "
               "GROUP BY StageName ORDER BY StageName")  # fmt: skip
    assert rows[:2] == [
        {"StageName": "Closed Lost", "deals": 1, "expr0": 0.2},
        {"StageName": "Closed Won", "deals": 1, "expr0": 12345.67},
    ]
    assert run("SELECT COUNT(Id), COUNT_DISTINCT(StageName), MIN(CloseDate), MAX(Amount), "
               "AVG(Amount) FROM Opportunity WHERE Amount < 1") == [
        {"expr0": 2, "expr1": 2, "expr2": "2026-03-20", "expr3": 0.2, "expr4": 0.15}
    ]  # fmt: skip
    assert run("SELECT SUM(Amount) FROM Opportunity WHERE Name = 'none such'") == [{"expr0": None}]
    assert run("SELECT LeadSource FROM Lead GROUP BY LeadSource HAVING COUNT(Id) > 9 "
               "ORDER BY COUNT(Id), LeadSource NULLS LAST") == [
        {"LeadSource": "Event"}, {"LeadSource": "Web"}, {"LeadSource": None}
    ]  # fmt: skip


def test_groups_are_kept_by_their_latest_day(run: Run) -> None:
    rows = run("SELECT StageName FROM Opportunity GROUP BY StageName "
               "HAVING MAX(CloseDate) > 2026-03-20 ORDER BY StageName")  # fmt: skip
    assert names(rows, "StageName") == ["Negotiation", "Prospecting"]


def test_a_sum_of_tenths_is_exact(run: Run) -> None:
    assert run("SELECT SUM(Amount) s FROM Opportunity WHERE Amount < 1") == [{"s": 0.3}]


def test_date_functions_speak_in_the_organizations_zone(run: Run) -> None:
    """23:30 and 01:00 UTC are one evening in New York."""
    assert run("SELECT DAY_ONLY(CreatedDate) d, COUNT(Id) n FROM Opportunity "
               "WHERE CALENDAR_MONTH(CreatedDate) = 1 GROUP BY DAY_ONLY(CreatedDate)") == [
        {"d": "2026-01-15", "n": 2}
    ]  # fmt: skip


def test_named_days_are_relative_to_the_clock_and_the_zone(run: Run) -> None:
    """The clock stands at 2026-11-20 12:00 UTC, the zone is New York's."""
    assert names(run("SELECT Name FROM Opportunity WHERE CreatedDate = TODAY")) == ["No amount"]
    assert names(run("SELECT Name FROM Opportunity WHERE CloseDate = LAST_N_DAYS:1")) == [
        "No amount"
    ]
    assert len(run("SELECT Id FROM Opportunity WHERE CloseDate > TODAY")) == 1
    assert len(run("SELECT Id FROM Opportunity WHERE CloseDate < THIS_QUARTER")) == 2


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("TODAY", "2026-11-20", "2026-11-21"),
        ("YESTERDAY", "2026-11-19", "2026-11-20"),
        ("LAST_N_DAYS:7", "2026-11-13", "2026-11-21"),
        ("NEXT_N_DAYS:2", "2026-11-21", "2026-11-23"),
        ("N_DAYS_AGO:3", "2026-11-17", "2026-11-18"),
        ("LAST_90_DAYS", "2026-08-22", "2026-11-21"),
        ("THIS_WEEK", "2026-11-15", "2026-11-22"),
        ("LAST_WEEK", "2026-11-08", "2026-11-15"),
        ("THIS_MONTH", "2026-11-01", "2026-12-01"),
        ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
        ("LAST_N_MONTHS:11", "2025-12-01", "2026-11-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("LAST_FISCAL_QUARTER", "2026-07-01", "2026-10-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("N_YEARS_AGO:2", "2024-01-01", "2025-01-01"),
    ],
)
def test_named_days(world: World, literal: str, first: str, after: str) -> None:
    low, high = span_of(literal, world.clock.date())
    assert (low.isoformat(), high.isoformat()) == (first, after)


def test_fields_function(run: Run) -> None:
    custom = run("SELECT FIELDS(CUSTOM) FROM Lead LIMIT 1")
    assert set(custom[0]) == {"UTM_Source__c", "First_UTM_Source__c", "GCLID__c", "MQL_Date__c",
                              "Score__c", "Newsletter__c"}  # fmt: skip
    assert "LastName" in run("SELECT FIELDS(STANDARD) FROM Lead LIMIT 1")[0]
    assert {"LastName", "Score__c"} <= set(run("SELECT FIELDS(ALL) FROM Lead LIMIT 200")[0])


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("SELECT Id, Nme FROM Lead", "INVALID_FIELD",
         "\nSELECT Id, Nme FROM Lead\n           ^\nERROR at Row:1:Column:12\nNo such column 'Nme' "
         "on entity 'Lead'. If you are attempting to use a custom field, be sure to append the "
         "'__c' after the custom field name. Please reference your WSDL or the describe call for "
         "the appropriate names."),
        ("SELECT Id FROM Leads", "INVALID_TYPE", "sObject type 'Leads' is not supported."),
        ("SELECT * FROM Lead", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT Id Lead", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("DELETE FROM Lead", "MALFORMED_QUERY", "unexpected token: 'DELETE'"),
        ("SELECT Id FROM Lead WHERE Name = 'x' AND Id = null OR Id = null", "MALFORMED_QUERY",
         "unexpected token: 'OR'"),
        ("SELECT Id FROM Lead WHERE Name = 'x", "MALFORMED_QUERY", "expecting '''"),
        ("SELECT Id FROM Lead WHERE Name IS NULL", "MALFORMED_QUERY", "unexpected token: 'IS'"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "must have a LIMIT of at most 200"),
        ("SELECT Id, id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Company FROM Lead GROUP BY Status", "MALFORMED_QUERY",
         "Field must be grouped or aggregated: Company"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id, (SELECT Id FROM Pets) FROM Lead", "INVALID_TYPE",
         "Didn't understand relationship 'Pets'"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD",
         "value of filter criterion for field 'CreatedDate' must be of type dateTime and should "
         "not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE Company = 5", "INVALID_FIELD",
         "'Company' must be of type string and should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "of type boolean"),
        ("SELECT Id FROM Lead WHERE NumberOfEmployees LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR",
         "invalid operator on int field"),
        ("SELECT Id FROM LeadHistory WHERE NewValue = 'Web'", "INVALID_FIELD",
         "field 'NewValue' can not be filtered in a query call"),
        ("SELECT Id FROM Lead LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE",
         "Maximum SOQL offset allowed is 2000"),
        ("SELECT IsoCode FROM CurrencyType", "INVALID_TYPE", "'CurrencyType' is not supported"),
        ("SELECT CurrencyIsoCode FROM Opportunity", "INVALID_FIELD", "'CurrencyIsoCode'"),
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
        ("SELECT SUM(Name) FROM Lead", "MALFORMED_QUERY",
         "\nSELECT SUM(Name) FROM Lead\n       ^\nERROR at Row:1:Column:8\nfield Name does not "
         "support aggregate operator SUM"),
        ("SELECT SUM(CreatedDate) FROM Lead", "MALFORMED_QUERY", "aggregate operator SUM"),
        ("SELECT AVG(Id) FROM Lead", "MALFORMED_QUERY", "aggregate operator AVG"),
        ("SELECT MIN(IsConverted) FROM Lead", "MALFORMED_QUERY", "aggregate operator MIN"),
        ("SELECT COUNT(Description) FROM Lead", "MALFORMED_QUERY", "aggregate operator COUNT"),
        ("SELECT CALENDAR_YEAR(Name) FROM Lead GROUP BY CALENDAR_YEAR(Name)", "MALFORMED_QUERY",
         "field Name does not support function CALENDAR_YEAR"),
        ("SELECT HOUR_IN_DAY(CloseDate) FROM Opportunity GROUP BY HOUR_IN_DAY(CloseDate)",
         "MALFORMED_QUERY", "field CloseDate does not support function HOUR_IN_DAY"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_DAYS:99999999", "MALFORMED_QUERY",
         "Invalid date: LAST_N_DAYS:99999999"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_YEARS:9999", "MALFORMED_QUERY",
         "Invalid date: LAST_N_YEARS:9999"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 0001-01-01T00:00:00+14:00", "MALFORMED_QUERY",
         "Invalid datetime: 0001-01-01T00:00:00+14:00"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-13-01T00:00:00Z", "MALFORMED_QUERY",
         "Invalid datetime: 2026-13-01T00:00:00Z"),
        ("SELECT Id FROM Opportunity WHERE CloseDate > 2026-02-30", "MALFORMED_QUERY",
         "Invalid date: 2026-02-30"),
        ("SELECT Id FROM Lead WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR",
         "ERROR at Row:1:Column:32\ninvalid ID field: abc"),
        ("SELECT Id FROM Lead WHERE OwnerId IN ('abc')", "INVALID_QUERY_FILTER_OPERATOR",
         "invalid ID field: abc"),
        ("SELECT Id FROM Lead WHERE Description LIKE 'a%'", "INVALID_FIELD",
         "field 'Description' can not be filtered in a query call"),
        ("SELECT Id FROM Lead ORDER BY Description", "MALFORMED_QUERY",
         "field 'Description' can not be sorted in a query call"),
        ("SELECT Id FROM Lead WHERE Score__c INCLUDES ('a')", "INVALID_QUERY_FILTER_OPERATOR",
         "invalid operator on double field"),
        ("SELECT Id FROM Lead WHERE Company INCLUDES (5)", "INVALID_FIELD", "of type string"),
        ("SELECT Amount FROM Opportunity GROUP BY Amount", "MALFORMED_QUERY",
         "field 'Amount' can not be grouped in a query call"),
    ],
)  # fmt: skip
def test_refusals_are_worded_as_the_real_ones(run: Run, text: str, code: str, message: str) -> None:
    with pytest.raises(SoqlError) as refused:
        run(text)
    assert refused.value.code == code
    assert message in refused.value.message


def test_short_texts_are_filtered_and_an_empty_one_is_null(run: Run) -> None:
    assert run("SELECT Id FROM Account WHERE BillingStreet LIKE 'a%' ORDER BY BillingStreet") == []
    assert names(run("SELECT Name FROM Account WHERE Industry = ''")) == ["zeta"]
    assert names(run("SELECT Name FROM Account WHERE Industry != ''")) == ["Acme"]


def test_counts_are_ordered_as_numbers(run: Run) -> None:
    counted = run("SELECT LeadSource, COUNT(Id) n FROM Lead WHERE Score__c <= 14 "
                  "GROUP BY LeadSource ORDER BY n DESC")  # fmt: skip
    assert [row["n"] for row in counted] == [10, 10, 9]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Queries over an organization with EUR (its own), USD at 1.085 and JPY at 164.2."""
    data = write_data_set(tmp_path_factory.mktemp("data"), EVERYTHING, currency="EUR")
    world = World(DataSet(data))

    def rows(text: str) -> list[dict[str, Any]]:
        result = soql_engine.run(soql.parse(text), org(world))
        return [_bare(result.project(row, "68.0")) for row in result.rows]

    return rows


def test_amounts_are_converted_into_the_users_currency(exchange: Run) -> None:
    """https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_querying_currency_fields.htm"""
    rows = exchange("SELECT Amount, convertCurrency(Amount) own, FORMAT(Amount) said, "
                    "FORMAT(convertCurrency(Amount)) own_said FROM Opportunity "
                    "ORDER BY Id")  # fmt: skip
    assert [row["Amount"] for row in rows] == [1000.25, 2000.5, 3000.75, 4001.0, 5001.25]
    assert [round(row["own"], 2) for row in rows] == [921.89, 12.18, 3000.75, 3687.56, 30.46]
    assert [row["said"] for row in rows[:3]] == [
        "USD 1,000.25 (EUR 921.89)", "JPY 2,001 (EUR 12.18)", "EUR 3,000.75",
    ]  # fmt: skip
    assert rows[0]["own_said"] == "EUR 921.89"
    [whole] = exchange("SELECT SUM(Amount) total, FORMAT(SUM(Amount)) said FROM Opportunity")
    assert round(whole["total"], 2) == round(sum(row["own"] for row in rows), 2)
    assert whole["said"] == "EUR 7,652.84"
    assert exchange("SELECT convertCurrency(Amount) FROM Opportunity LIMIT 1") == [
        {"Amount": rows[0]["own"]}
    ]


def test_a_filter_may_name_its_currency(exchange: Run) -> None:
    above = exchange("SELECT Name FROM Opportunity WHERE Amount > USD1000.25 ORDER BY Name")
    assert names(above) == ["Deal 3", "Deal 4"]
    exact = exchange("SELECT Name FROM Opportunity WHERE Amount IN (USD1000.25, JPY5001.25)")
    assert names(exact) == ["Deal 1", "Deal 5"]


def test_formatted_values_are_those_of_the_user_interface(run: Run, exchange: Run) -> None:
    assert run("SELECT FORMAT(Amount) a, FORMAT(CloseDate) c, FORMAT(CreatedDate) t "
               "FROM Opportunity ORDER BY Id LIMIT 1") == [
        {"a": "$12,345.67", "c": "3/1/2026", "t": "1/15/2026, 6:30 PM"}
    ]  # fmt: skip
    assert run("SELECT FORMAT(MIN(CloseDate)) first FROM Opportunity") == [{"first": "3/1/2026"}]
    assert run("SELECT FORMAT(NumberOfEmployees) FROM Account ORDER BY Name LIMIT 1") == [
        {"NumberOfEmployees": "120"}
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT Id FROM Opportunity WHERE convertCurrency(Amount) > 5",
         "unexpected token: 'CONVERTCURRENCY'"),
        ("SELECT Id FROM Opportunity ORDER BY FORMAT(Amount)", "unexpected token: 'FORMAT'"),
        ("SELECT convertCurrency(SUM(Amount)) FROM Opportunity", "unexpected token: 'SUM'"),
        ("SELECT convertCurrency(Probability) FROM Opportunity", "takes a currency field"),
        ("SELECT FORMAT(Name) FROM Opportunity", "field Name does not support function FORMAT"),
        ("SELECT Amount, convertCurrency(Amount) FROM Opportunity", "duplicate field selected"),
        ("SELECT Id FROM Opportunity WHERE Amount > XYZ5", "invalid currency: XYZ"),
        ("SELECT Id FROM Opportunity WHERE Amount IN (USD5, 6)", "must be of type currency"),
        ("SELECT Id FROM Opportunity WHERE Probability > USD5", "must be of type percent"),
        ("SELECT Name, MAX(Amount) FROM Opportunity GROUP BY Name HAVING MAX(Amount) > USD5",
         "must be of type currency"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_of_currencies(exchange: Run, text: str, message: str) -> None:
    with pytest.raises(SoqlError) as refused:
        exchange(text)
    assert message in refused.value.message


def test_one_currency_cannot_be_converted(run: Run) -> None:
    with pytest.raises(SoqlError, match="several currencies"):
        run("SELECT convertCurrency(Amount) FROM Opportunity")


def test_who_and_what_tell_of_which_object_they_are(run: Run) -> None:
    """https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl: Type of Name"""
    told = run("SELECT Who.Type, What.Type FROM Task ORDER BY Id")
    assert [(row["Who"]["Type"], row["What"]["Type"]) for row in told] == [
        ("Lead", "Opportunity"),
        ("Contact", "Account"),
    ]
    [of_lead] = run("SELECT Id FROM Task WHERE Who.Type = 'Lead'")
    assert of_lead["Id"] == key("00T", 1)


def test_an_id_has_two_spellings() -> None:
    assert long_id("001A0000006Vm9u") == "001A0000006Vm9uIAC"
    assert id_key("001A0000006Vm9uIAC") == "001A0000006Vm9u"
    assert id_key("001000000000000042") == "001000000000000042", "no valid check letters: itself"
