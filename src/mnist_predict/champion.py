"""The champion, the version that services read with: kept in the store, named by an alias, promoted and rolled back.

Where no version was ever promoted, the shipped one is the champion. `previous` is what the champion replaced.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mnist_predict.errors import BadRequest, NotFound, Refused
from mnist_predict.models.packing import pack, unpack, verify
from mnist_predict.models.registry import Version, open_version
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.versions.kept import Alias, Assignment, KeptVersion

SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version has which alias now; `champion` None: the shipped one, as nothing was ever promoted."""

    champion: str | None
    candidate: str | None
    previous: str | None

    @property
    def reading(self) -> str:
        """The name of the version that services read with."""
        return self.champion or open_version().name


def standing(store: Store) -> Standing:
    """The aliases as they stand. Raises `StoreUnavailable`."""
    newest: dict[Alias, Assignment] = {}
    for assignment in store.assignments():
        newest.setdefault(assignment.alias, assignment)
    champion, candidate = newest.get("champion"), newest.get("candidate")
    return Standing(
        champion.version if champion else None,
        candidate.version if candidate and not _was_promoted(candidate, champion) else None,
        champion.replaced if champion else None,
    )


def _was_promoted(candidate: Assignment, champion: Assignment | None) -> bool:
    return champion is not None and champion.version == candidate.version and champion.id > candidate.id


def keep(store: Store, version: Version) -> KeptVersion:
    """Keep a version in the store, once. Raises `StoreUnavailable`."""
    archive = pack(version)
    kept = KeptVersion(new_id(), version.name, version.learned, sha256(archive).hexdigest(), len(archive))
    store.keep_version(kept, archive)
    return kept


def named(store: Store, name: str) -> str:
    """The name of a version by its name or alias (champion, candidate, previous, shipped).

    Raises `NotFound` where nothing has that alias.
    """
    now = standing(store)
    aliases = {"champion": now.reading, "candidate": now.candidate, "previous": now.previous}
    aliases[SHIPPED] = open_version().name
    found = aliases.get(name, name)
    if found is None:
        raise NotFound(f"No model version is the {name}.")
    return found


def pull(store: Store, name: str, folder: Path) -> Version:
    """The version of that name: the shipped one, or that in `folder`, which is fetched from the store where it must be.

    Raises `NotFound` where the store has no such version, `BadRequest` where it is damaged, `StoreUnavailable`.
    """
    shipped = open_version()
    if name == shipped.name:
        return shipped
    try:
        return verify(folder / name, name)
    except BadRequest:
        pass
    kept = next((version for version in store.versions() if version.name == name), None)
    archive = store.version_archive(name) if kept else None
    if kept is None or archive is None:
        raise NotFound(f"The model version {name} is not in the store, or not all of it.")
    if sha256(archive).hexdigest() != kept.sha256:
        raise BadRequest(f"The model version {name} is damaged in the store.")
    return unpack(archive, name, folder)


def propose(store: Store, version: Version, reason: str, by: str | None = None) -> None:
    """Keep a version and make it the candidate. Raises `StoreUnavailable`."""
    keep(store, version)
    _assign(store, "candidate", version.name, standing(store).candidate, reason, by)


def overview(store: Store) -> list[dict[str, Any]]:
    """Every version in the store, newest first, and the shipped one: name, aliases, time, verdict, size.

    Raises `StoreUnavailable`.
    """
    now, shipped = standing(store), open_version().name
    aliases = {"champion": now.reading, "candidate": now.candidate, "previous": now.previous, SHIPPED: shipped}
    kept = store.versions()
    rows: list[dict[str, Any]] = [
        {
            "name": version.name,
            "aliases": [alias for alias, name in aliases.items() if name == version.name],
            "time": version.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "verdict": verdict(version.about),
            "bytes": version.size,
        }
        for version in kept
    ]
    if shipped not in {version.name for version in kept}:
        named_so = [alias for alias, name in aliases.items() if name == shipped]
        rows.append({"name": shipped, "aliases": named_so, "time": None, "verdict": "shipped", "bytes": None})
    return rows


def verdict(about: dict[str, Any]) -> str:
    """What the gate said of a version, in a word or two."""
    gate = about.get("gate")
    return "not measured" if gate is None else "passed" if gate["passed"] else "not passed"


def promote(store: Store, name: str, reason: str, by: str | None = None, force: bool = False) -> Assignment:
    """Make a version the champion.

    Raises `Refused` where it has not passed the gate against the present champion, unless `force`; `NotFound` where the
    store does not have it, `StoreUnavailable`.
    """
    now = standing(store)
    kept = next((version for version in store.versions() if version.name == name), None)
    if kept is None:
        raise NotFound(f"The model version {name} is not in the store. See: mnist-predict models list")
    if name == now.reading:
        raise BadRequest(f"{name} is the champion already.")
    if force and not reason.strip():
        raise BadRequest("To promote a version that has not passed takes a reason.")
    if not force and (refusal := why_not(kept, now.reading)):
        raise Refused(refusal)
    if now.champion is None:
        keep(store, open_version())  # so that a rollback finds it when another version ships
    return _assign(store, "champion", name, now.reading, reason, by, force)


def why_not(version: KeptVersion, champion: str) -> str | None:
    """Why a version may not be promoted without force; None where it may."""
    gate = version.about.get("gate")
    if gate is None:
        return f"{version.name} was never measured by the gate: it was not made by mnist-predict learn."
    if gate["champion"] != champion:
        return f"{version.name} was compared with {gate['champion']}, and {champion} is the champion now. Learn again."
    failed = [check["name"] for check in gate["checks"] if not check["passed"]]
    return f"{version.name} did not pass the gate: {', '.join(failed)}." if failed else None


def roll_back(store: Store, reason: str, by: str | None = None) -> Assignment:
    """Make the previous champion the champion again. Raises `NotFound` where there is none, `StoreUnavailable`."""
    now = standing(store)
    if now.previous is None:
        raise NotFound("There is no previous champion to go back to.")
    return _assign(store, "champion", now.previous, now.reading, reason, by)


def _assign(
    store: Store, alias: Alias, name: str, replaced: str | None, reason: str, by: str | None, force: bool = False
) -> Assignment:
    before = next(iter(store.assignments(1)), None)
    # Newer than what it replaces, whatever the clock says.
    made = Assignment(new_id(after=before.id if before else None), alias, name, replaced, reason, by, force)
    store.assign(made)
    return made
