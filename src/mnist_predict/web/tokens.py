"""The setting `token` -> the valid tokens. Imports nothing heavy: `serve` checks the setting before it starts."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from mnist_predict.errors import BadRequest


@dataclass(frozen=True)
class Tokens:
    """The valid tokens: their digests, which are compared, with their names."""

    names: dict[bytes, str]

    @classmethod
    def of(cls, setting: str) -> "Tokens":
        """The tokens of the setting: one, or several as `name=token,...`; raises `BadRequest` if it holds none."""
        names = {}
        for part in filter(None, (part.strip() for part in setting.split(","))):
            name, _, token = (piece.strip() for piece in part.partition("="))
            if not token.strip("="):  # a token alone, perhaps in base64
                name, token = "token", part
            names[sha256(token.encode()).digest()] = name
        if setting and not names:
            raise BadRequest("MNIST_PREDICT_TOKEN holds no token. Write a token, or several as name=token,name=token.")
        return cls(names)

    def name_of(self, token: str) -> str | None:
        """Whose token it is, None for a wrong one; compared in constant time."""
        digest = sha256(token.encode("utf-8", "replace")).digest()
        found = [name for known, name in self.names.items() if compare_digest(known, digest)]
        return found[0] if found else None

    @property
    def key(self) -> bytes:
        """The key that signs cookies."""
        return sha256(b"mnist_predict session" + b"".join(sorted(self.names))).digest()
