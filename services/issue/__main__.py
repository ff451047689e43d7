"""`python -m services.issue serve | migrate`."""

from services.issue.app import MIGRATIONS, build
from shared.runtime.main import main

if __name__ == "__main__":
    main("issue", build, MIGRATIONS)
