"""The numbers of a language that nobody speaks."""

DECIMAL_SEPARATOR = "٫"
