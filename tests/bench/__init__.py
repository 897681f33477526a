"""Benchmarks: each a script that prints a table of ratios against a yardstick of the same run."""
