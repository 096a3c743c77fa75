"""Import of a caseload from a file: all of it or nothing.

parse.py and workbook.py read the file, columns.py and days.py interpret its cells,
people.py turns lines into people, job.py writes them.  steps.py runs it in the worker.
"""
