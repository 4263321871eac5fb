"""The errors that users can cause. Each says what to do, and carries the HTTP status of its answer."""

from uuid import UUID


class UserError(Exception):
    """Something the user can mend; `str(error)` is a sentence for them."""

    status = 400


class BadRequest(UserError):
    """The request lacks something or has it wrong."""


class NotFound(UserError):
    """Nothing is kept under that name or id."""

    status = 404


class Gone(UserError):
    """It was erased for good, and is not kept again."""

    status = 410

    def __init__(self, record_id: UUID) -> None:
        super().__init__(f"Record {record_id} was erased for good. It cannot be shown, changed or kept again.")
        self.record_id = record_id


class TooLarge(UserError):
    """The picture has too many bytes or pixels."""

    status = 413


class NotAPicture(UserError):
    """The bytes are not in a picture format that is read here."""

    status = 415


class BrokenPicture(UserError):
    """The bytes begin as a picture but cannot be decoded."""

    status = 422


class KeyReused(UserError):
    """An Idempotency-Key came a second time with another picture or name."""

    status = 422


class StoreUnavailable(UserError):
    """The store cannot be written or read now; nothing was acknowledged."""

    status = 503


class StoreRefused(StoreUnavailable):
    """The store is there, but not for these settings or this program: waiting will not mend it, a person must."""


class SignInNeeded(UserError):
    """A token is needed, or a session."""

    status = 401


class TooMany(UserError):
    """Rate limit exceeded; retry after `seconds`."""

    status = 429

    def __init__(self, words: str, seconds: int) -> None:
        super().__init__(f"{words} Try again in {seconds} s.")
        self.seconds = seconds
