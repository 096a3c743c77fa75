"""Deliberate weakenings of the policies and the access rule; tests must notice each.

./test --mutants            all of them; exit code 1 if one survives
./test --mutants keys wall  those with one of these words in their name
"""
