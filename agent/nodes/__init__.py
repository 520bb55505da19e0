"""The steps of the loop: plain functions from the state to what changes in it."""
