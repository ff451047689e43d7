"""`python -m services.run serve | migrate`."""

from services.run.app import MIGRATIONS, build
from shared.runtime.main import main

if __name__ == "__main__":
    main("run", build, MIGRATIONS)
