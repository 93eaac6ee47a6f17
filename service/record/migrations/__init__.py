"""How the tables came to be what they are; one module for each change, run at the start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection

from service.record.schema import newer


def run(connection: Connection) -> None:
    """Bring the tables to the newest revision, in the transaction of `connection`.

    Raises RecordError if a newer Magnesia made them.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except (CommandError, ResolutionError) as error:
        raise newer() from error
