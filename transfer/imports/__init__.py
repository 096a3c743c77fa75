"""Import of a caseload from a file: all or nothing.

parse.py and workbook.py read the file, columns.py and days.py interpret its cells,
people.py turns lines into people, job.py saves them. steps.py runs it in the worker.
"""
