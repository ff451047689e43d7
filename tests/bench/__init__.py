"""`make bench`: speed and memory on real Kafka and PostgreSQL, all figures from one run of one machine.

Absolute times belong to the machine; the ratios between parts are what is promised.
"""
