from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "clients"

    def ready(self):
        import clients.correction_signals  # noqa: F401 -- its rule is known from now on
