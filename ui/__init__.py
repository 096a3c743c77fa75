"""Design system: forms, widgets, dates, names, template tags, charts. No tables."""
