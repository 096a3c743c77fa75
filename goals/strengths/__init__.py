"""Strengths with their moments, what goals they help with, and wins."""
