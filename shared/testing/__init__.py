"""What tests of all services stand on: stories about rules, an in-memory unit of work, real Kafka and PostgreSQL."""
