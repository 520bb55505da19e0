import pytest
from moments import span

from quayside.errors import BoatTaken, QuayClosed, TooLate, UnknownBoat


def test_a_free_boat_can_be_booked(desk, heron):
    booking = desk.book("Heron", span("9:00", "11:00"), "Ada")
    assert desk.diary.of(heron) == [booking]


def test_a_boat_is_hired_once_at_a_time(desk):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    with pytest.raises(BoatTaken, match="Heron is taken from 09:00 to 11:00"):
        desk.book("Heron", span("10:00", "12:00"), "Ben")


def test_a_boat_cannot_leave_while_the_crew_works_on_it(desk):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    with pytest.raises(BoatTaken):
        desk.book("Heron", span("11:15", "12:15"), "Ben")


def test_a_boat_can_be_hired_until_its_turnaround_meets_the_next_hire(desk):
    desk.book("Kestrel", span("11:00", "12:00"), "Ada")
    assert desk.book("Kestrel", span("9:00", "10:00"), "Ben").number == 2


def test_a_boat_can_leave_as_soon_as_the_crew_is_done(desk):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    assert desk.book("Heron", span("11:30", "12:30"), "Ben").number == 2


def test_two_boats_can_be_out_together(desk):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    assert desk.book("Kestrel", span("9:00", "11:00"), "Ben").number == 2


def test_a_cancelled_booking_frees_the_boat(desk):
    booking = desk.book("Heron", span("9:00", "11:00"), "Ada")
    desk.cancel(booking)
    assert desk.book("Heron", span("9:30", "10:30"), "Ben").number == 2


def test_free_boats_are_those_with_room_and_time(desk, heron, kestrel):
    desk.book("Heron", span("9:00", "11:00"), "Ada")
    assert desk.free_boats(span("10:00", "12:00"), 2) == [kestrel]
    assert desk.free_boats(span("14:00", "15:00"), 2) == [heron, kestrel]
    assert desk.free_boats(span("14:00", "15:00"), 5) == [kestrel]


def test_nothing_leaves_before_the_quay_opens(desk):
    with pytest.raises(QuayClosed):
        desk.book("Heron", span("7:30", "9:00"), "Ada")


def test_the_crew_wants_a_quarter_of_an_hours_notice(desk):
    desk._clock = lambda: span("9:00", "9:01").start
    with pytest.raises(TooLate, match="15 minutes"):
        desk.book("Heron", span("9:10", "10:00"), "Ada")
    assert desk.book("Heron", span("9:15", "10:00"), "Ada").number == 1


def test_an_unknown_boat_is_refused(desk):
    with pytest.raises(UnknownBoat, match="Osprey"):
        desk.book("Osprey", span("9:00", "10:00"), "Ada")
