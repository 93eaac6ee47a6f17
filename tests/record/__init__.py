"""The record of decisions and feedback: what is kept, what survives, what can be taken out."""
