"""A database that cannot be used says why: a wrong setting stops the start, anything else is told
in the log and waited for."""

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url
from sqlalchemy.exc import OperationalError

from service.record import Record, RecordError, StoreDown, reason
from service.record.store import Store
from service.settings import Settings
from tests.conftest import POSTGRES
from tests.record.conftest import feedback

PASSWORD = "half@of-it"


@pytest.fixture
def server() -> URL:
    if POSTGRES is None:
        pytest.skip("no PostgreSQL")
    return make_url(Settings(database_url=POSTGRES).database_url)


def store(url: URL) -> Store:
    return Store(url.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"foo": "1"}, 'invalid connection option "foo"'),
        ({"sslmode": "bogus"}, 'invalid sslmode value: "bogus"'),
        (
            {"keepalives_interval": "x"},
            'invalid integer value "x" for connection option "keepalives_interval"',
        ),
    ],
)
def test_an_option_that_there_is_not_stops_the_start(
    server: URL, options: dict[str, str], said: str
) -> None:
    with pytest.raises(RecordError) as caught:
        store(server.update_query_dict(options)).prepare()
    assert str(caught.value) == (
        f"MAGNESIA_DATABASE_URL: the database cannot be used as the record: {said}."
    )


def test_a_port_that_there_is_not_stops_the_start(server: URL) -> None:
    with pytest.raises(RecordError, match=r'invalid port number: "99999"\.$'):
        store(server.set(port=99999)).prepare()


def test_a_user_who_may_not_make_the_tables_stops_the_start(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("users are PostgreSQL's")
    url = make_url(database_url)
    plain = url.set(drivername="postgresql").render_as_string()
    user = sql.Identifier(str(url.database))
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(user))
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    without_rights = store(url.set(username=url.database))
    try:
        with pytest.raises(RecordError, match="permission denied for schema public"):
            without_rights.prepare()
    finally:
        without_rights.close()
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(user))


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [
        ({"database": "nodb"}, {}, 'database "nodb" does not exist'),
        ({"username": "nobody"}, {}, 'role "nobody" does not exist'),
        ({}, {"sslmode": "require"}, "server does not support SSL, but SSL was required"),
        ({}, {"options": "-c foo=1"}, 'unrecognized configuration parameter "foo"'),
        ({"port": 9}, {}, "Connection refused"),
        ({"host": "no.such.host.invalid"}, {}, "its host name cannot be resolved"),
    ],
)
def test_a_server_that_refuses_is_waited_for_and_its_reason_told(
    server: URL,
    changes: dict[str, Any],
    options: dict[str, str],
    said: str,
    caplog: Any,
    tmp_path: Path,
) -> None:
    """A restart at night beside a database that somebody is working on must not end the service."""
    url = server.set(**{"password": PASSWORD, **changes}).update_query_dict(options)
    record = Record(url.render_as_string(hide_password=False), tmp_path / "spool")
    record.prepare()
    (logged,) = caplog.records
    assert logged.getMessage() == (
        f"The store is down ({said}): decisions wait in the spool, and feedback is refused."
    )
    with pytest.raises(StoreDown) as caught:
        record.append([feedback("card")])
    assert str(caught.value) == said


def test_a_password_that_is_not_escaped_is_not_told() -> None:
    with pytest.raises(StoreDown) as caught:
        Store("postgresql+psycopg://magnesia:half@of-it@127.0.0.1/record").prepare()
    assert "of-it" not in str(caught.value)


def test_what_a_file_refuses_has_its_code(tmp_path: Path) -> None:
    kept = Store(f"sqlite:///{tmp_path / 'magnesia.sqlite'}")
    kept.prepare()
    with sqlite3.connect(tmp_path / "magnesia.sqlite") as connection:
        connection.execute("DROP TABLE verdict")
    connection.close()
    with pytest.raises(StoreDown, match="OperationalError SQLITE_ERROR"):
        kept.append([feedback("card")])
    kept.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            'connection failed: connection to server at "10.0.0.9", port 5432 failed: FATAL:  '
            'password authentication failed for user "magnesia"\n',
            'password authentication failed for user "magnesia"',
        ),
        (
            "Multiple connection attempts failed. All failures were:\n- host: db, port: None, "
            'hostaddr: ::1: connection failed: connection to server at "::1", port 5432 failed: '
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP "
            "connections?",
            "Connection refused",
        ),
        ("something new at half@of-it", "OperationalError"),
    ],
)
def test_only_what_a_server_or_the_network_says_is_told(words: str, said: str) -> None:
    error = OperationalError(None, None, psycopg.OperationalError(words))
    assert str(reason.down(error)) == said
