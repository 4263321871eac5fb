"""How far what a store acknowledged is durable."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Durability:
    """What a store promises of the writes it acknowledges.

    `sync_period`: seconds until they are on its disks; 0 where they are when they are acknowledged.
    `epoch`: names the lives of all its nodes. As long as it stays the same, no node has died or started anew. Empty
    where that cannot be told at the moment.
    """

    sync_period: float
    epoch: str


DURABLE = Durability(0, "")
