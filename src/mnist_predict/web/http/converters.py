"""Image names in URLs: any text is a name, including slashes."""

from werkzeug.routing import BaseConverter


class ImageName(BaseConverter):
    """Matches the rest of a path, including `../x`, `/etc/passwd`, and names with newlines."""

    part_isolating = False
    regex = r"(?s:.+)"
    weight = 200
