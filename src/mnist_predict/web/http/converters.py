"""Image names in addresses: any text is a name, slashes and all."""

from werkzeug.routing import BaseConverter


class ImageName(BaseConverter):
    """Matches everything that is left of a path, also `../x`, `/etc/passwd`, and names with newlines."""

    part_isolating = False
    regex = r"(?s:.+)"
    weight = 200
