"""The currencies of ISO 4217 in which somebody can be paid, and their smallest units."""

from __future__ import annotations

_TWO_DIGITS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST
XCD XCG YER ZAR ZMW ZWG
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"

WITHDRAWN = ("BGN", "CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "TRL")
"""Currencies that are paid no more, which the ECB's history still gives rates of."""

CODES_BY_DIGITS: dict[int, tuple[str, ...]] = {
    0: tuple(_NO_DIGITS.split()),
    2: tuple(_TWO_DIGITS.split()),
    3: tuple(_THREE_DIGITS.split()),
}
CURRENCY_DIGITS: dict[str, int] = {
    code: digits for digits, codes in CODES_BY_DIGITS.items() for code in codes
}
"""Digits after the point in each currency: a smallest unit that can be paid."""
