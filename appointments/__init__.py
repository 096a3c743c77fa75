"""Sessions: booked, moved, held, missed or canceled."""
