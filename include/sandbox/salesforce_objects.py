"""The standard sObjects the sandbox knows, and fields in the shape describe gives them.

Object reference: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/
Describe: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
"""

import re
from dataclasses import dataclass
from typing import Any

# name[(length)][:type][>target,target[/relationship]][^child relationship][!][=][~]
#   type string unless said; `>` makes a reference; `!` may not be null; `=` cannot be written;
#   `~` is calculated.
_SYSTEM = (
    "Id:id!= IsDeleted:boolean!= CreatedDate:datetime!= CreatedById>User!= "
    "LastModifiedDate:datetime!= LastModifiedById>User!= SystemModstamp:datetime!="
)
_STAMPED = _SYSTEM.replace("IsDeleted:boolean!= ", "")
_HISTORY = "Id:id!= IsDeleted:boolean!= CreatedById>User!= CreatedDate:datetime!="
_ADDRESS = "{0}Street(255):textarea {0}City(40) {0}State(80) {0}PostalCode(20) {0}Country(80)"
_PERSON = "LastName(80)! FirstName(40) Salutation(40):picklist Name(121)="
_CHANGE = "Field:picklist! OldValue:anyType= NewValue:anyType="

# object: (key prefix, plural label, system fields, own fields)
_STANDARD: dict[str, tuple[str, str, str, str]] = {
    "Account": ("001", "Accounts", _SYSTEM, (
        "MasterRecordId>Account/MasterRecord= Name! Type:picklist ParentId>Account/Parent"
        "^ChildAccounts "
        f"{_ADDRESS.format('Billing')} {_ADDRESS.format('Shipping')} Phone:phone Fax:phone "
        "AccountNumber(40) Website:url Sic(20) Industry:picklist AnnualRevenue:currency "
        "NumberOfEmployees:int Ownership:picklist TickerSymbol(20) Description:textarea "
        "Rating:picklist Site(80) OwnerId>User! LastActivityDate:date= AccountSource:picklist")),
    "Campaign": ("701", "Campaigns", _SYSTEM, (
        "Name(80)! ParentId>Campaign/Parent^ChildCampaigns Type:picklist Status:picklist "
        "StartDate:date EndDate:date ExpectedRevenue:currency BudgetedCost:currency "
        "ActualCost:currency ExpectedResponse:percent NumberSent:double IsActive:boolean "
        "Description:textarea NumberOfLeads:int= NumberOfConvertedLeads:int= "
        "NumberOfContacts:int= NumberOfResponses:int= NumberOfOpportunities:int= "
        "NumberOfWonOpportunities:int= AmountAllOpportunities:currency= "
        "AmountWonOpportunities:currency= OwnerId>User! LastActivityDate:date=")),
    "CampaignMember": ("00v", "Campaign Members", _SYSTEM, (
        "CampaignId>Campaign^CampaignMembers! LeadId>Lead^CampaignMembers "
        "ContactId>Contact^CampaignMembers LeadOrContactId:string= LeadOrContactOwnerId:string= "
        "Status:picklist HasResponded:boolean= FirstRespondedDate:date= Type(40)= Name(121)= "
        "Salutation(40)= FirstName(40)= LastName(80)= Title(128)= CompanyOrAccount= "
        "Email:email= Phone:phone= LeadSource:picklist=")),
    "CampaignMemberStatus": ("01Y", "Campaign Member Statuses", _SYSTEM, (
        "CampaignId:string! Label! SortOrder:int IsDefault:boolean HasResponded:boolean")),
    "Case": ("500", "Cases", _SYSTEM, (
        "CaseNumber(30)= ContactId>Contact^Cases AccountId>Account^Cases Subject Status:picklist "
        "Origin:picklist Priority:picklist IsClosed:boolean= ClosedDate:datetime= "
        "OwnerId>User,Group!")),
    "Contact": ("003", "Contacts", _SYSTEM, (
        "MasterRecordId>Contact/MasterRecord= AccountId>Account^Contacts "
        f"{_PERSON} {_ADDRESS.format('Other')} {_ADDRESS.format('Mailing')} Phone:phone "
        "Fax:phone MobilePhone:phone HomePhone:phone OtherPhone:phone AssistantPhone:phone "
        "ReportsToId>Contact/ReportsTo Email:email Title(128) Department(80) "
        "AssistantName(40) LeadSource:picklist Birthdate:date Description:textarea OwnerId>User! "
        "HasOptedOutOfEmail:boolean DoNotCall:boolean LastActivityDate:date= "
        "EmailBouncedReason= EmailBouncedDate:datetime= IsEmailBounced:boolean=~")),
    "Contract": ("800", "Contracts", _SYSTEM, (
        "AccountId>Account^Contracts! OwnerId>User! StartDate:date EndDate:date= ContractTerm:int "
        "Status:picklist! ContractNumber(30)=")),
    "CurrencyType": ("01L", "Currency Types", _STAMPED, (
        "IsoCode(3):picklist! ConversionRate:double! DecimalPlaces:int! IsActive:boolean! "
        "IsCorporate:boolean!")),
    "DatedConversionRate": ("04w", "Dated Conversion Rates", _STAMPED, (
        "IsoCode(3):picklist! StartDate:date! NextStartDate:date= ConversionRate:double!")),
    "Event": ("00U", "Events", _SYSTEM, (
        "WhoId>Contact,Lead/Who^Events WhatId>Account,Campaign,Opportunity/What^Events Subject "
        "Location ActivityDateTime:datetime ActivityDate:date DurationInMinutes:int "
        "StartDateTime:datetime EndDateTime:datetime= Description:textarea "
        "AccountId>Account= OwnerId>User! Type:picklist EventSubtype:picklist")),
    "Group": ("00G", "Groups", _STAMPED, (
        "Name(40)! DeveloperName(80) Type(40):picklist! Email:email OwnerId>User=")),
    "Lead": ("00Q", "Leads", _SYSTEM, (
        f"MasterRecordId>Lead/MasterRecord= {_PERSON} Title(128) Company! "
        f"{_ADDRESS.format('')} Phone:phone MobilePhone:phone Fax:phone Email:email Website:url "
        "Description:textarea LeadSource:picklist Status:picklist! Industry:picklist "
        "Rating:picklist AnnualRevenue:currency NumberOfEmployees:int OwnerId>User,Group! "
        "HasOptedOutOfEmail:boolean DoNotCall:boolean IsConverted:boolean!= ConvertedDate:date= "
        "ConvertedAccountId>Account/ConvertedAccount= ConvertedContactId>Contact/ConvertedContact="
        " ConvertedOpportunityId>Opportunity/ConvertedOpportunity= IsUnreadByOwner:boolean "
        "LastActivityDate:date= EmailBouncedReason= EmailBouncedDate:datetime=")),
    "LeadHistory": ("017", "Lead History", _HISTORY, f"LeadId>Lead^Histories!= {_CHANGE}"),
    "Opportunity": ("006", "Opportunities", _SYSTEM, (
        "AccountId>Account^Opportunities IsPrivate:boolean Name(120)! Description:textarea "
        "StageName:picklist! Amount:currency Probability:percent ExpectedRevenue:currency=~ "
        "TotalOpportunityQuantity:double CloseDate:date! Type:picklist NextStep "
        "LeadSource:picklist IsClosed:boolean!= IsWon:boolean!= ForecastCategory(40):picklist= "
        "ForecastCategoryName:picklist CampaignId>Campaign^Opportunities HasOpportunityLineItem"
        ":boolean= Pricebook2Id>Pricebook2^Opportunities OwnerId>User! LastActivityDate:date= "
        "LastStageChangeDate:datetime= FiscalYear:int=~ FiscalQuarter:int=~ Fiscal(6)=~ "
        "ContactId>Contact")),
    "OpportunityContactRole": ("00K", "Opportunity Contact Roles", _SYSTEM, (
        "OpportunityId>Opportunity^OpportunityContactRoles! "
        "ContactId>Contact^OpportunityContactRoles! Role:picklist IsPrimary:boolean")),
    "OpportunityFieldHistory": ("017", "Opportunity Field History", _HISTORY, (
        f"OpportunityId>Opportunity^Histories!= {_CHANGE}")),
    "OpportunityHistory": (
        "008", "Opportunity History", f"{_HISTORY} SystemModstamp:datetime!=", (
            "OpportunityId>Opportunity^OpportunityHistories!= StageName:picklist= "
            "Amount:currency= ExpectedRevenue:currency= CloseDate:date= Probability:percent= "
            "ForecastCategory(40):picklist= PrevAmount:currency= PrevCloseDate:date=")),
    "OpportunityLineItem": ("00k", "Opportunity Products", _SYSTEM, (
        "OpportunityId>Opportunity^OpportunityLineItems! Product2Id>Product2 Name= "
        "Quantity:double! TotalPrice:currency UnitPrice:currency ServiceDate:date Description")),
    "OpportunityStage": ("01J", "Opportunity Stages", _STAMPED, (
        "MasterLabel ApiName IsActive:boolean SortOrder:int IsClosed:boolean IsWon:boolean "
        "ForecastCategory(40):picklist ForecastCategoryName DefaultProbability:percent "
        "Description")),
    "Organization": ("00D", "Organizations", _STAMPED, (
        "Name(80)! Division(80) Street(255):textarea City(40) State(80) PostalCode(20) Country(80) "
        "Phone:phone PrimaryContact(80) DefaultLocaleSidKey(40):picklist! "
        "TimeZoneSidKey(40):picklist! LanguageLocaleKey(40):picklist! "
        "FiscalYearStartMonth:int UsesStartDateAsFiscalYearName:boolean "
        "OrganizationType(40):picklist= NamespacePrefix(15)= InstanceName(5)= "
        "IsSandbox:boolean!= TrialExpirationDate:datetime=")),
    "Pricebook2": ("01s", "Price Books", _SYSTEM, "Name! IsActive:boolean IsStandard:boolean="),
    "Product2": ("01t", "Products", _SYSTEM, (
        "Name! ProductCode Description:textarea IsActive:boolean Family:picklist")),
    "Profile": ("00e", "Profiles", _STAMPED, "Name(255)! UserLicenseId:string= UserType(40)="),
    "RecordType": ("012", "Record Types", _STAMPED, (
        "Name(80)! DeveloperName(80)! NamespacePrefix(15) Description BusinessProcessId:string "
        "SobjectType(40):picklist! IsActive:boolean!")),
    "Task": ("00T", "Tasks", _SYSTEM, (
        "WhoId>Contact,Lead/Who^Tasks WhatId>Account,Campaign,Opportunity/What^Tasks Subject "
        "ActivityDate:date Status:picklist! Priority:picklist! OwnerId>User,Group! "
        "Description:textarea AccountId>Account= IsClosed:boolean= Type:picklist "
        "TaskSubtype:picklist CallType:picklist CallDurationInSeconds:int "
        "CompletedDateTime:datetime=")),
    "User": ("005", "Users", _STAMPED, (
        "Username(80)! LastName(80)! FirstName(40) Name(121)= CompanyName(80) Division(80) "
        "Department(80) Title(80) Email:email! Phone:phone Alias(8)! IsActive:boolean "
        "TimeZoneSidKey(40):picklist! UserRoleId>UserRole LocaleSidKey(40):picklist! "
        "EmailEncodingKey(40):picklist! ProfileId>Profile UserType(40):picklist= "
        "LanguageLocaleKey(40):picklist! ManagerId>User/Manager LastLoginDate:datetime=")),
    "UserRole": ("00E", "Roles", _STAMPED, "Name(80)! DeveloperName(80) ParentRoleId:string"),
}  # fmt: skip

HAS_RECORD_TYPES = ("Account", "Campaign", "CampaignMember", "Contact", "Lead", "Opportunity")
HAS_CURRENCY = (
    *HAS_RECORD_TYPES, "Event", "OpportunityFieldHistory", "OpportunityHistory",
    "OpportunityLineItem", "Product2", "Task", "User",
)  # fmt: skip
MULTI_CURRENCY_ONLY = ("CurrencyType", "DatedConversionRate")

_FIELD = re.compile(
    r"(?P<name>\w+)(?:\((?P<length>\d+)\))?(?::(?P<type>\w+))?"
    r"(?:>(?P<targets>[\w,]+)(?:/(?P<relation>\w+))?)?(?:\^(?P<children>\w+))?(?P<flags>[!=~]*)\Z"
)
_LENGTHS = {
    "id": 18, "reference": 18, "string": 255, "textarea": 32_000, "phone": 40, "email": 80,
    "url": 255, "picklist": 255, "multipicklist": 4_099, "anyType": 255,
}  # fmt: skip
_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int",
    "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double",
    "date": "xsd:date", "datetime": "xsd:dateTime", "anyType": "xsd:anyType",
}  # fmt: skip
_OPAQUE = ("anyType", "address", "location", "base64")
_NEVER = {
    "sortable": ("multipicklist",),
    "groupable": ("multipicklist", "currency", "double", "percent", "datetime"),
    "aggregatable": ("multipicklist", "boolean"),
}
_LABEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of an sObject. `type` is describe's; `targets` are the objects it refers to."""

    name: str
    type: str = "string"
    length: int = 0
    nillable: bool = True
    writable: bool = True
    calculated: bool = False
    targets: tuple[str, ...] = ()
    relation: str | None = None
    children: str | None = None  # what the target calls the records that refer to it
    given: frozenset[tuple[str, bool]] = frozenset()  # what a describe file says it can do

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def can(self, flag: str) -> bool:
        """Whether it is `filterable`, `sortable`, `groupable` or `aggregatable`, as describe says.

        Long texts are none of it: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/
        soql_sosl/sforce_api_calls_soql_select_agg_functions_field_types.htm
        """
        is_long = self.type == "textarea" and self.length > 255
        can = not is_long and self.type not in _NEVER.get(flag, ())
        return dict(self.given).get(flag, can and self.type not in _OPAQUE)

    def describe(self, picklist: tuple[str, ...] = ()) -> dict[str, Any]:
        """The field in describe's shape; `picklist` are the values of a picklist."""
        is_number = self.type in ("currency", "double", "percent")
        return {
            "aggregatable": self.can("aggregatable"),
            "aiPredictionField": False,
            "autoNumber": False,
            "byteLength": self.length * 3 if self.type not in ("id", "reference") else self.length,
            "calculated": self.calculated,
            "calculatedFormula": None,
            "cascadeDelete": False,
            "caseSensitive": False,
            "compoundFieldName": None,
            "controllerName": None,
            "createable": self.writable,
            "custom": self.custom,
            "defaultValue": False if self.type == "boolean" else None,
            "defaultValueFormula": None,
            "defaultedOnCreate": self.type == "boolean" or not self.writable,
            "dependentPicklist": False,
            "deprecatedAndHidden": False,
            "digits": 8 if self.type == "int" else 0,
            "displayLocationInDecimal": False,
            "encrypted": False,
            "externalId": False,
            "extraTypeInfo": None,
            "filterable": self.can("filterable"),
            "filteredLookupInfo": None,
            "formulaTreatNullNumberAsZero": False,
            "groupable": self.can("groupable"),
            "highScaleNumber": False,
            "htmlFormatted": False,
            "idLookup": self.type == "id",
            "inlineHelpText": None,
            "label": label(self.name),
            "length": self.length,
            "mask": None,
            "maskType": None,
            "name": self.name,
            "nameField": self.name == "Name",
            "namePointing": len(self.targets) > 1,
            "nillable": self.nillable and self.type != "boolean",
            "permissionable": self.custom,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": value, "validFor": None,
                 "value": value}
                for value in picklist
            ],
            "polymorphicForeignKey": len(self.targets) > 1,
            "precision": 18 if is_number else 0,
            "queryByDistance": False,
            "referenceTargetField": None,
            "referenceTo": list(self.targets),
            "relationshipName": self.relation,
            "relationshipOrder": None,
            "restrictedDelete": False,
            "restrictedPicklist": False,
            "scale": 2 if is_number else 0,
            "searchPrefilterable": self.type == "reference",
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "sortable": self.can("sortable"),
            "type": self.type,
            "unique": False,
            "updateable": self.writable,
            "writeRequiresMasterRead": False,
        }  # fmt: skip


def field(name: str, kind: str, targets: tuple[str, ...] = (), length: int = 0) -> Field:
    """A field that is not of the table: custom, or standard but rare."""
    relation = None
    if targets:
        relation = f"{name[:-3]}__r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(
        name, kind, length or _LENGTHS.get(kind, 0), targets=targets, relation=relation,
        children=None,
    )  # fmt: skip


def from_describe(content: dict[str, Any]) -> Field:
    """A field as a describe file gives it."""
    kind = content.get("type") or "string"
    return Field(
        content["name"],
        kind,
        content.get("length") or _LENGTHS.get(kind, 0),
        content.get("nillable", True),
        content.get("createable", not content.get("calculated", False)),
        content.get("calculated", False),
        tuple(content.get("referenceTo") or ()),
        content.get("relationshipName"),
        given=frozenset(
            (flag, content[flag])
            for flag in ("filterable", *_NEVER)
            if isinstance(content.get(flag), bool)
        ),
    )


def standard(name: str) -> tuple[str, str, list[Field]] | None:
    """(key prefix, plural label, fields) of a standard object by its exact name, or None."""
    known = _STANDARD.get(name)
    if known is None:
        return None
    prefix, plural, system, own = known
    return prefix, plural, [_parse(text) for text in f"{system} {own}".split()]


def custom(name: str, prefix: str) -> tuple[str, str, list[Field]]:
    """The same of an object that is not of the table: system fields and a name."""
    return prefix, f"{label(name)}s", [_parse(text) for text in f"{_SYSTEM} Name(80)".split()]


def names() -> list[str]:
    """Every standard object of the table."""
    return list(_STANDARD)


def prefixes() -> dict[str, str]:
    """Key prefix → object, for telling what a reference refers to."""
    return {known[0]: name for name, known in reversed(_STANDARD.items())}


def label(name: str) -> str:
    """`OpportunityContactRole` → "Opportunity Contact Role", `Score__c` → "Score"."""
    return _LABEL.sub(" ", name.removesuffix("__c")).strip()


def _parse(text: str) -> Field:
    match = _FIELD.match(text)
    assert match, text
    name, flags = match["name"], match["flags"]
    targets = tuple((match["targets"] or "").split(",")) if match["targets"] else ()
    kind = "reference" if targets else match["type"] or "string"
    return Field(
        name,
        kind,
        int(match["length"] or _LENGTHS.get(kind, 0)),
        "!" not in flags,
        "=" not in flags,
        "~" in flags,
        targets,
        (match["relation"] or name.removesuffix("Id")) if targets else None,
        match["children"],
    )
