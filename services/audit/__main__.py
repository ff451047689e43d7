"""`python -m services.audit serve | migrate`."""

from services.audit.app import MIGRATIONS, build
from shared.runtime.main import main

if __name__ == "__main__":
    main("audit", build, MIGRATIONS)
