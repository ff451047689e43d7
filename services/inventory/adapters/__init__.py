"""Where the inventory service meets Kafka, PostgreSQL and HTTP."""
