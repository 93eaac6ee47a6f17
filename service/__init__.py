"""The HTTP side of Magnesia: it knows requests, trust and answers, and no medicine."""

from service.app import create_app

__all__ = ["create_app"]
