"""How the web server runs, here and in production:

gunicorn -c python:therapy.gunicorn therapy.wsgi
"""

import gc
import os

from gunicorn.glogging import Logger

from therapy.logs import MaskingFormatter, method_told, path_told

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
preload_app = True
timeout = 60
graceful_timeout = 20
# Django alone reads the proxy's header, and only where TRUST_PROXY=1.
forwarded_allow_ips = ""
control_socket_disable = True
accesslog = "-"
# %(U)s has no query string; the address and the browser of a person are not kept.
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"


def post_fork(server, worker):
    """What was loaded before stays for good: the collector need not look at it again,
    nor at each page's few thousand objects while it is being made."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


PATH, METHOD = "PATH_INFO", "REQUEST_METHOD"  # of a request, no settings


class MaskingLogger(Logger):
    """One-use tokens stand in paths, and so may any word; a path is in every line."""

    def setup(self, cfg):
        super().setup(cfg)
        for log in (self.access_log, self.error_log):
            for handler in log.handlers:
                given = handler.formatter
                handler.setFormatter(MaskingFormatter(given._fmt, given.datefmt))

    def atoms(self, resp, req, environ, request_time):
        found = super().atoms(resp, req, environ, request_time)
        is_file = str(found["s"]) in ("200", "206", "304")
        found["U"] = path_told(environ.get(PATH) or "", is_file=is_file)
        found["m"] = method_told(environ.get(METHOD) or "")
        return found


logger_class = MaskingLogger
