"""Strengths with the examples that showed them, links to goals, and wins."""
