"""The tests, one package a concern."""
