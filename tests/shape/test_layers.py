"""The shape of the code, kept by a test: who may include whom, headers that stand alone, sizes, where SQL lives."""
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).parents[2]
FOLDERS = ("resolver", "gateway", "ddi", "ota", "manage", "cli")
MAY_INCLUDE = {
    "resolver": {"resolver"},
    "gateway": {"gateway", "resolver"},
    "ddi": {"ddi", "gateway", "resolver"},
    "ota": {"ota", "gateway", "resolver"},
    "manage": {"manage", "gateway", "resolver"},
    "cli": {"cli", "gateway"},
}
ROOT = {"gateway/main.c": {"ddi/ddi.h", "ota/ota.h", "manage/manage.h"}}  # knows every part
FOR_CLI = {"arena", "error", "hex", "digest", "url", "utf8"}  # what the command line may use of the gateway
GENERATED = {"queries.h", "sql_files.h", "docs_page.h"}
LIBPQ = subprocess.run(["pkg-config", "--cflags", "libpq"], capture_output=True, text=True, check=True).stdout.split()
MAX_FILE, MAX_FUNCTION = 500, 60  # lines
SQL = re.compile(r'"\s*(select .* from |insert into |update \w+ set |delete from )', re.I)


def sources(pattern):
    return sorted(path for folder in FOLDERS for path in (TOP / folder).glob(pattern))


def name(path):
    return path.relative_to(TOP).as_posix()


@pytest.mark.parametrize("path", sources("*.[ch]"), ids=name)
def test_includes_follow_the_arrows(path):
    folder = name(path).split("/")[0]
    for header in re.findall(r'^#include "(.*?)"', path.read_text(), re.M):
        if header in GENERATED or header in ROOT.get(name(path), ()):
            continue
        assert header.split("/")[0] in MAY_INCLUDE[folder], header
        if folder == "cli" and header.startswith("gateway/"):
            assert pathlib.Path(header).stem in FOR_CLI, header


def functions(text):
    """(name, lines) of each function: from the brace in the first column to the one that closes it."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        if line != "{":
            continue
        end = next(at for at in range(start, len(lines)) if lines[at] == "}")
        yield lines[start - 1], end - start + 1


@pytest.mark.parametrize("path", sources("*.[ch]"), ids=name)
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE
    assert [what for what, lines in functions(text) if lines > MAX_FUNCTION] == []


@pytest.mark.parametrize("path", sources("*.c"), ids=name)
def test_sql_lives_in_schema(path):
    assert SQL.findall(path.read_text()) == []


@pytest.mark.parametrize("path", sources("*.h"), ids=name)
def test_header_stands_alone(path, tmp_path):
    """Whoever includes it first needs nothing before it."""
    for generated in GENERATED:
        (tmp_path / generated).write_text("#pragma once\nenum query { QUERY_COUNT };\n")
    command = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c",
               f"-I{TOP}", f"-I{tmp_path}", *LIBPQ, "-include", str(path), "/dev/null"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
