"""Caseload, access rule, care roles, contact preferences, drafts and signals."""
