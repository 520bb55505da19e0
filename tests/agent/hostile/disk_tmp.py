"""Fill /tmp."""

from kit import SCRATCH, fill

fill("/tmp", SCRATCH)
