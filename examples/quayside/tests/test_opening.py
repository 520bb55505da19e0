from datetime import date, datetime

from moments import span

from quayside.hours.opening import OpeningHours
from quayside.hours.spans import TimeSpan


def test_a_whole_weekday_is_covered():
    assert OpeningHours().covers(span("8:00", "19:00"))
    assert not OpeningHours().covers(span("8:00", "19:01"))
    assert not OpeningHours().covers(span("7:59", "19:00"))


def test_the_quay_opens_earlier_at_weekends():
    saturday = TimeSpan(datetime(2024, 6, 8, 7, 0), datetime(2024, 6, 8, 20, 0))
    assert OpeningHours().covers(saturday)


def test_holidays_are_closed():
    tuesday = date(2024, 6, 4)
    assert not OpeningHours(holidays=frozenset({tuesday})).covers(span("10:00", "11:00"))
