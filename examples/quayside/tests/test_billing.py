from moments import span

from quayside.billing.invoice import invoice_for
from quayside.billing.money import Money
from quayside.billing.tariff import price


def test_every_started_half_hour_counts(heron):
    assert price(heron, span("9:00", "10:00")) == Money(1200)
    assert price(heron, span("9:00", "10:01")) == Money(1800)


def test_a_day_costs_no_more_than_six_hours(heron):
    assert price(heron, span("9:00", "15:00")) == price(heron, span("9:00", "18:00"))


def test_members_pay_a_tenth_less(desk):
    invoice = invoice_for(desk.book("Heron", span("9:00", "10:00"), "Ada", is_member=True))
    assert str(invoice.total) == "10.80"


def test_the_better_discount_is_given(desk):
    invoice = invoice_for(desk.book("Kestrel", span("9:00", "13:00"), "Ada", is_member=True))
    assert invoice.discount == Money(2280)
