"""The services of Asbuilt. None of them imports another."""
