"""Cairn with every prepared query compiled and planned again each time."""

from database import prepared
from therapy.wsgi import application

__all__ = ["application"]


def _anew(query, shape, build, given) -> list:
    return prepared._Compiled(build).rows(given)


prepared.Prepared.rows = _anew
prepared.prepare = lambda wrapper, compiled: False
