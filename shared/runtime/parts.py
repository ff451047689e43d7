"""The parts of a service process, which a plant that has outgrown one process runs apart."""

PARTS = frozenset({"http", "consumer", "relay"})
