"""The engine's text side, without torch: tokens of an edited text, prompts at a cursor, healing, stopping."""
