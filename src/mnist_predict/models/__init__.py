"""Model versions: folders of immutable weights with the report of how they were measured."""
