"""Copying the model versions of a store, and who gave which alias to which, into another."""

from mnist_predict.store.protocol import Store

ALL = 1_000_000  # assignments


def copy_versions(source: Store, target: Store) -> int:
    """Give the target every version and assignment of the source; how many versions it has of them then.

    May be repeated. Raises `StoreUnavailable`.
    """
    there = {version.name for version in target.versions()}
    count = 0
    for version in reversed(source.versions()):
        if version.name not in there:
            archive = source.version_archive(version.name)
            if archive is None:
                continue
            target.keep_version(version, archive)
        count += 1
    for assignment in reversed(source.assignments(ALL)):
        target.assign(assignment)
    return count
