"""`python -m reproductions`: see `--help`."""

from reproductions.cli import main

if __name__ == "__main__":
    main()
