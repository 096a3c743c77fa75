"""One record taken along: what is in it, as files, on paper, and how it is made."""
