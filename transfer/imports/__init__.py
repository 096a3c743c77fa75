"""A caseload kept elsewhere, brought in from a file: all of it or nothing.

sheet.py reads the file, columns.py and days.py say what its cells are, people.py makes
people of its lines, job.py writes them.  Only job.py and known.py touch the database.
"""
