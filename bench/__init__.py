"""Benchmarks of pages and emails; see docs/performance.md."""
