"""What is done on a Spark cluster, over a store in Cassandra, for more pictures than one machine can read."""
