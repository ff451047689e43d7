"""The one road: every change, from Kafka or from HTTP, takes it, whole batches at a time.

Written once for all services. A service brings a table of handlers, its rules, its announcements and a store.
"""
