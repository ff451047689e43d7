"""Where the run service meets Kafka, PostgreSQL and HTTP."""
