"""The routes: one blueprint per module."""
