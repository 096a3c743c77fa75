"""Static files under names that change with what is in them."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(WhiteNoiseMiddleware):
    """All that is collected but the list of it, which nobody's browser needs."""

    def add_file_to_dictionary(self, url, path, stat_cache=None):
        if not url.rpartition("/")[2].startswith("staticfiles.json"):
            super().add_file_to_dictionary(url, path, stat_cache)


_everybodys, IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Also where one script of ours imports another: only hashed files are kept.

    Django would look into everybody's scripts; a package's comment names a file that
    it does not have.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", IMPORTS))
