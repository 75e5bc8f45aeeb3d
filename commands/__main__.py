"""`python -m commands`."""

import sys

if __name__ == "__main__":
    try:
        from commands.cli import main
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] in ("commands", "common"):
            raise
        sys.exit(
            f"error: {error.name} is not installed for {sys.executable}.\n"
            "what to do: run make setup, then .venv/bin/python -m commands; or use make, as make list"
        )
    except KeyboardInterrupt:
        print("Stopped before anything began.", file=sys.stderr)
        sys.exit(130)
    main()
