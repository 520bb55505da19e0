"""Who has which boat, and when."""
