"""Databases of searches: which one is meant, and what can be wrong with it, in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.exceptions import StorageInternalError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from common.support import files
from common.support.errors import UserError

SCHEMES = "sqlite:///search.db, postgresql://user:password@host/name, mysql+pymysql://user:password@host/name"


def url(words: str, default: Path) -> str:
    """The database that a user names: a URL, a file for SQLite, or nothing for the default file.

    Raises:
        StorageError: if the folder of the file cannot be written to.
    """
    if "://" in words:
        return words
    path = Path(words) if words else default
    with files.storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def shown(storage: str) -> str:
    """A database's URL without its password."""
    try:
        return make_url(storage).render_as_string(hide_password=True)
    except ArgumentError:
        return storage


@contextmanager
def user_errors(storage: str) -> Iterator[None]:
    """Raise what goes wrong with a database as UserError."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError) as error:
        raise UserError(f"{shown(storage)} is no address of a database.", f"Write it as in {SCHEMES}.") from error
    except ImportError as error:
        raise UserError(
            f"The driver for {shown(storage)} is not installed ({error.name or error}).",
            "Install it into the environment, e.g. psycopg2-binary for PostgreSQL or pymysql for MySQL.",
        ) from error
    except (DBAPIError, StorageInternalError) as error:
        raise _unusable(storage, error) from error
    except RuntimeError as error:
        if "optuna" not in str(error).lower():
            raise
        raise UserError(
            f"{shown(storage)} was written by another version of Optuna.",
            f"Bring it up to date with: optuna storage upgrade --storage {shown(storage)}",
        ) from error


def _unusable(storage: str, error: Exception) -> UserError:
    said = str(error.__cause__ or error).splitlines()[0]
    if "disk is full" in said:
        return files.StorageError(
            f"The disk is full: the search in {shown(storage)} cannot go on.",
            "Free some space and run again: what is finished is kept.",
        )
    return UserError(
        f"The database {shown(storage)} cannot be used ({said}).",
        "Check its address, that its server runs, and that you may write to it; or name another one with STORAGE=.",
    )
