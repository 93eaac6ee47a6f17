"""What README.md and docs/ say: commands that run, settings that exist, files that agree."""
