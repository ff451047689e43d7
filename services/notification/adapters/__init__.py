"""Where the notification service meets PostgreSQL, HTTP and other people's endpoints."""
