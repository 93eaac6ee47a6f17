"""Tests of `hooks`: medicine without HTTP. The cases are data, under `cases/`."""
