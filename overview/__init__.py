"""The therapist's Today, caseload, client page and timeline; handover, discharge."""
