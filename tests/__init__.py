"""Tests that concern all packages; tests of one package are in its own folder."""
