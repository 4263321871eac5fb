"""Errors that users can cause. Each says what to do and has the HTTP status of its answer."""

from uuid import UUID


class UserError(Exception):
    """An error that the user can correct; `str(error)` is a message for them."""

    status = 400
    field: str | None = None  # the form field that it is about, where a page can show it there


class BadRequest(UserError):
    """The request is incomplete or malformed."""


class NotFound(UserError):
    """Nothing is stored under that name or id."""

    status = 404


class Refused(UserError):
    """What is asked for is against a rule that only a person may break, knowingly."""

    status = 409


class Gone(UserError):
    """The record was erased for good and is never stored again."""

    status = 410

    def __init__(self, record_id: UUID) -> None:
        super().__init__(f"Record {record_id} was erased for good. It cannot be shown, changed or kept again.")
        self.record_id = record_id


class TooLarge(UserError):
    """The picture has too many bytes or pixels."""

    status = 413


class NotAPicture(UserError):
    """The bytes are in no supported picture format."""

    status = 415


class BrokenPicture(UserError):
    """The bytes start like a picture but cannot be decoded."""

    status = 422


class KeyReused(UserError):
    """An Idempotency-Key was reused for another picture or name."""

    status = 422


class StoreUnavailable(UserError):
    """The store cannot be read or written at the moment; nothing was acknowledged."""

    status = 503


class StoreRefused(StoreUnavailable):
    """The store refuses these settings or this version; retrying does not help."""


class SignInNeeded(UserError):
    """A token is needed, or a session."""

    status = 401


class TooMany(UserError):
    """Rate limit exceeded; retry after `seconds`."""

    status = 429

    def __init__(self, words: str, seconds: int) -> None:
        super().__init__(f"{words} Try again in {seconds} s.")
        self.seconds = seconds
