"""Reads HTTP dates: the three formats of RFC 9110, 5.6.7."""

import re
from datetime import date
from time import gmtime, time

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_MONTH = "(?P<month>[A-Z][a-z]{2})"
_TIME = "(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
_IMF_FIXDATE = re.compile(
    f"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>[0-9]{{1,2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"
)
"""Some servers send a day of one digit."""

# Both are rare, so they are not compiled before they are needed.
_RFC_850 = f"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"
_ASCTIME = f"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})"

_SHORT = len("26")
_FUTURE_YEARS = 50


def parse_http_date(text: str) -> int | None:
    """Return an HTTP date as Unix seconds, or None if it is none. The name of the day is not compared with the date."""
    match = _IMF_FIXDATE.fullmatch(text) or re.fullmatch(_RFC_850, text) or re.fullmatch(_ASCTIME, text)
    if match is None:
        return None
    year = match["year"]
    try:
        day = date(_expand(year) if len(year) == _SHORT else int(year), _MONTHS[match["month"]], int(match["day"]))
    except (KeyError, ValueError):
        return None
    hours = (day.toordinal() - _EPOCH_DAY) * 24 + int(match["hour"])
    return (hours * 60 + int(match["minute"])) * 60 + int(match["second"])


def _expand(year: str) -> int:
    """Return the year with these last two digits that is at most 50 years in the future (RFC 9110, 5.6.7)."""
    latest = gmtime(time()).tm_year + _FUTURE_YEARS
    return latest - (latest - int(year)) % 100
