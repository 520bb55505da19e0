"""Candidate patches from three sources behind one protocol: templates, infilling, chat models."""
