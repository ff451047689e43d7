"""Where the issue service meets PostgreSQL and HTTP."""
