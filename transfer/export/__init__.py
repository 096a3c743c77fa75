"""Export of one record: its content, files, PDF, and the job that makes it."""
