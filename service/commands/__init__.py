"""The commands of `magnesia`, and what they share: arguments, endings, terminals, files."""
