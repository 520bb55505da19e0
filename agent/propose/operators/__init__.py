"""Repair operators over the syntax tree, in tiers of rising cost (papers: search order of template repair)."""
