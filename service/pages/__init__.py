"""The pages that people look at. They load nothing from elsewhere and need no script."""
