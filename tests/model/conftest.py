"""Fixtures of the models: the C helpers, and a database with our schema but no gateway."""
import itertools

import pytest

from helper import Helper
from lib.gateway import TOP
from lib.postgres import Database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def resolver_cli():
    helper = Helper("resolver_cli")
    yield helper
    helper.close()


@pytest.fixture(scope="session")
def version_keys():
    helper = Helper("version_keys")
    yield helper
    helper.close()


@pytest.fixture(scope="session")
def schema_template(postgres):
    """All of schema/, applied as the files stand there."""
    postgres.rows("postgres", "create database template_schema")
    for path in sorted((TOP / "schema" / "migrations").glob("*.sql")):
        postgres.rows("template_schema", path.read_text())
    for path in sorted((TOP / "schema" / "functions").glob("*.sql")):  # they may name each other in any order
        postgres.rows("template_schema", "set check_function_bodies = off;" + path.read_text())
    return "template_schema"


@pytest.fixture
def schema(postgres, schema_template):
    """A database of this test's own. Call it with SQL."""
    name = f"schema_{next(_numbers)}"
    postgres.rows("postgres", f"create database {name} template {schema_template}")
    yield Database(postgres, name)
    postgres.rows("postgres", f"drop database {name} with (force)")
