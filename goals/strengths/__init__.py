"""Strengths with the moments that showed them, links to goals, and wins."""
