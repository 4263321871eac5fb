"""The store in a Cassandra cluster."""
