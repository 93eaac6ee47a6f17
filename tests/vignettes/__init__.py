"""The twenty patients of `vignettes.json`, and the statements of the seed, over HTTP."""
