"""Logs, the request journal and metrics."""
