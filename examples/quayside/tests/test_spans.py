import pytest
from moments import span


def test_spans_that_share_an_hour_overlap():
    assert span("9:00", "11:00").overlaps(span("10:00", "12:00"))
    assert span("10:00", "12:00").overlaps(span("9:00", "11:00"))


def test_a_span_within_another_overlaps_it():
    assert span("9:00", "17:00").overlaps(span("10:00", "11:00"))
    assert span("10:00", "11:00").overlaps(span("9:00", "17:00"))


def test_spans_with_a_gap_do_not_overlap():
    assert not span("9:00", "10:00").overlaps(span("11:00", "12:00"))
    assert not span("11:00", "12:00").overlaps(span("9:00", "10:00"))


def test_a_span_does_not_overlap_the_one_that_ends_where_it_starts():
    assert not span("11:00", "12:00").overlaps(span("9:00", "11:00"))


def test_the_common_part_of_two_spans():
    assert span("9:00", "11:00").common_part(span("10:00", "12:00")) == span("10:00", "11:00")
    assert span("9:00", "10:00").common_part(span("10:00", "12:00")) is None


def test_a_span_must_not_end_before_it_starts():
    with pytest.raises(ValueError, match="from 11:00 to 09:00"):
        span("11:00", "9:00")
