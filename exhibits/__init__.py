"""Executes the examples on every interpreter and shows in the pages what came out."""
