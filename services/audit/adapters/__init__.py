"""Where the audit service meets PostgreSQL and HTTP."""
