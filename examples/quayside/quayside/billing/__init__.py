"""What a hire costs."""
