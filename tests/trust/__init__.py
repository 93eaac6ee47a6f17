"""Clients and their tokens: who may call, and every way to pretend."""
