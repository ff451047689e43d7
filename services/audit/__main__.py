"""`python -m services.audit serve | migrate`."""

from shared.runtime.main import main

if __name__ == "__main__":
    main("services.audit")
