"""Wire contracts: what is said on which topic, one file per owner. The catalog joins topic, type and class."""
