from moments import span

from quayside.bookings.turnaround import turnaround_minutes, with_turnaround


def test_a_rowing_boat_is_ready_after_half_an_hour(heron):
    assert turnaround_minutes(heron) == 30
    assert with_turnaround(span("9:00", "11:00"), heron) == span("9:00", "11:30")


def test_a_motor_boat_is_ready_after_an_hour(kestrel):
    assert with_turnaround(span("9:00", "11:00"), kestrel) == span("9:00", "12:00")
