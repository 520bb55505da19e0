from moments import at, span

from quayside.reports.usage import busiest_hour, hours_out


def test_only_hours_within_the_window_count(desk, heron):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    desk.book("Heron", span("13:00", "14:00"), "Ben")
    assert hours_out(desk.diary, heron, span("10:00", "13:30")) == 1.5


def test_the_busiest_hour_has_the_most_boats_out(desk, heron, kestrel):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    desk.book("Kestrel", span("10:00", "12:00"), "Ben")
    assert busiest_hour(desk.diary, [heron, kestrel], at("8:00"), 11) == at("10:00")


def test_the_days_bookings_come_in_order(desk):
    late = desk.book("Heron", span("15:00", "16:00"), "Ada")
    early = desk.book("Kestrel", span("9:00", "10:00"), "Ben")
    assert desk.diary.on(at("9:00").date()) == [early, late]
