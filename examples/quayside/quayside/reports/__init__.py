"""What the harbour master wants to know."""
