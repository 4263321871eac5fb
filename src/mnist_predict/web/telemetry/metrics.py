"""Metrics for Prometheus.

Several worker processes answer for one service. Where `PROMETHEUS_MULTIPROC_DIR` is set, as `serve` does, each keeps
its metrics in files there, and the worker that is asked adds them up.
"""

import os
from collections.abc import Iterator
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from mnist_predict.reading import Reading
from mnist_predict.stats.meter import Meter
from mnist_predict.store.protocol import Status
from mnist_predict.store.record import Record

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_REQUESTS = Counter("mnist_predict_requests", "Requests answered.", ["route", "method", "status"], registry=None)
_SECONDS = Histogram(
    "mnist_predict_stage_seconds",
    "Seconds of an upload by stage: read (decode, ink, network), store.",
    ["stage"],
    buckets=_BUCKETS,
    registry=None,
)
_KEPT = Counter("mnist_predict_records", "Records kept, by source.", ["source"], registry=None)
_NO_NUMBER = Counter("mnist_predict_readings_without_number", "Readings that found no number.", registry=None)

_request = lru_cache(maxsize=1024)(_REQUESTS.labels)


def count_request(route: str, method: str, status: str) -> None:
    """Count an answer. Unknown methods share a label: clients can invent any number of them."""
    _request(route, method if method in _METHODS else "other", status).inc()


class ServiceMeter(Meter):
    """Measures and counts what the service does."""

    def read(self, reading: Reading, seconds: float) -> None:
        """See `Meter.read`."""
        _SECONDS.labels("read").observe(seconds)
        if not reading.number:
            _NO_NUMBER.inc()

    def kept(self, record: Record, seconds: float) -> None:
        """See `Meter.kept`."""
        _KEPT.labels(record.source).inc()
        if record.source == "upload":
            _SECONDS.labels("store").observe(seconds)


class _ModelVersion:
    def __init__(self, name: str) -> None:
        self.name = name

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """A metric that is always 1, with the version as its label."""
        family = GaugeMetricFamily("mnist_predict_model_info", "The model version that reads.", labels=["version"])
        family.add_metric([self.name], 1)
        yield family


class _Spool:
    def __init__(self, status: Status) -> None:
        self.status = status

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The size of the spool, which all workers share, and whether this worker reaches the store."""
        status = self.status
        away = float(status.away is not None)
        yield GaugeMetricFamily("mnist_predict_store_away", "1 while the store is away.", away)
        yield GaugeMetricFamily("mnist_predict_spool_records", "Records that wait for the store.", status.waiting)
        kept = "Records in the store that the spool keeps until the store has synced them."
        yield GaugeMetricFamily("mnist_predict_spool_unsynced_records", kept, status.unsynced)
        yield GaugeMetricFamily("mnist_predict_spool_bytes", "Size of both.", status.spool_bytes)
        yield GaugeMetricFamily("mnist_predict_spool_limit_bytes", "Size at which uploads are refused.", status.limit)


def exposition(model_version: str, status: Status) -> bytes:
    """The metrics of all worker processes in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_ModelVersion(model_version))
    if status.limit is not None:
        registry.register(_Spool(status))
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for metric in (_REQUESTS, _SECONDS, _KEPT, _NO_NUMBER):
            registry.register(metric)
    return generate_latest(registry)
