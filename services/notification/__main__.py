"""`python -m services.notification serve | migrate`."""

from services.notification.app import MIGRATIONS, build
from shared.runtime.main import main

if __name__ == "__main__":
    main("notification", build, MIGRATIONS)
