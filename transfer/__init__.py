"""Import of a caseload and export of a record."""
