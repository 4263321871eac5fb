"""The service in a browser and over HTTP."""
