"""The bill for one hire."""

from dataclasses import dataclass

from quayside.billing.discounts import discount_percent
from quayside.billing.money import Money
from quayside.billing.tariff import price


@dataclass(frozen=True)
class Invoice:
    customer: str
    hire: Money
    discount: Money

    @property
    def total(self):
        return self.hire - self.discount


def invoice_for(booking):
    hire = price(booking.boat, booking.span)
    return Invoice(booking.customer, hire, hire.percent(discount_percent(booking)))
