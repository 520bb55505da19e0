"""Fill the tree."""

from kit import fill

fill("the tree", ".")
