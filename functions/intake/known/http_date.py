"""Reads HTTP dates: the three formats of RFC 9110, 5.6.7."""

import re
from datetime import date
from time import gmtime, time

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_DAY_NAME = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY_NAME = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = "(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
_FORMATS = (
    re.compile(f"{_DAY_NAME}, (?P<day>[0-9]{{1,2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(f"{_LONG_DAY_NAME}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(f"{_DAY_NAME} {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)
"""IMF-fixdate, which some servers send with a day of one digit; the format of RFC 850; that of asctime()."""

_CENTURY = 100
_FUTURE_YEARS = 50


def parse_http_date(text: str) -> int | None:
    """Return an HTTP date as Unix seconds, or None if it is none. The name of the day is not compared with the date."""
    match = next((found for pattern in _FORMATS if (found := pattern.fullmatch(text))), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) < len("2026"):
        year = _expand_year(year)
    try:
        day = date(year, _MONTHS[match["month"]], int(match["day"])).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    return ((day * 24 + int(match["hour"])) * 60 + int(match["minute"])) * 60 + int(match["second"])


def _expand_year(two_digits: int) -> int:
    """Return the year with these last digits that is at most 50 years in the future (RFC 9110, 5.6.7)."""
    latest = gmtime(time()).tm_year + _FUTURE_YEARS
    return latest - (latest - two_digits) % _CENTURY
