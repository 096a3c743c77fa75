from django.apps import AppConfig


class GoalsConfig(AppConfig):
    name = "goals"

    def ready(self):
        import goals.signals  # noqa: F401 -- its rules are known from now on
