"""A whole plant on one machine without Docker: PostgreSQL, a broker, keys. For the demo and the tests, never for
production.
"""
