"""What is taken off a price."""

from datetime import timedelta

MEMBER_PERCENT = 10
LONG_HIRE = timedelta(hours=4)
LONG_HIRE_PERCENT = 15


def discount_percent(booking):
    """The better one of the discounts that apply."""
    percents = [0]
    if booking.is_member:
        percents.append(MEMBER_PERCENT)
    if booking.span.length >= LONG_HIRE:
        percents.append(LONG_HIRE_PERCENT)
    return max(percents)
