"""Turn the .sql files into C: queries.h/.c (one enum value per statement), sql_files.h/.c (the schema itself)."""
import pathlib
import re
import sys

schema, depfile, *outputs = map(pathlib.Path, sys.argv[1:])
queries_h, queries_c, files_h, files_c = outputs

FOLDERS = ("queries", "migrations", "functions", "setup")

QUERIES_H = """\
/* Made by schema/embed.py from schema/queries: a statement per file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum query {{
{values}\tQUERY_COUNT
}};

struct query_text {{
\tconst char *name, *sql;
\tsize_t params; /* $1 to $params */
\tbool batched;  /* the file begins with "-- batched": takes arrays, see gateway/db.h */
}};
extern const struct query_text query_texts[QUERY_COUNT];
"""

FILES_H = """\
/* Made by schema/embed.py: the migrations and functions of the schema, sorted by name. */
#pragma once

#include <stddef.h>

struct sql_file {{
\tconst char *name, *text; /* name of the file without .sql */
}};
extern const struct sql_file sql_migrations[];
extern const size_t sql_migrations_count;
extern const struct sql_file sql_functions[];
extern const size_t sql_functions_count;

/* The statements of schema/setup, for `mewsd --migrate` and `--init`. */
{setup}"""


def read(folder):
    return [(path.stem, path.read_text()) for path in sorted((schema / folder).glob("*.sql"))]


def c_string(text):
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines())
    return "\n".join(f'\t  "{line}\\n"' for line in escaped)


def params(text):
    return max((int(n) for n in re.findall(r"\$(\d+)", re.sub(r"--.*", "", text))), default=0)


def query(name, text):
    batched = "true" if text.startswith("-- batched\n") else "false"
    return f'\t{{ "{name}",\n{c_string(text)},\n\t  {params(text)}, {batched} }},\n'


def files(name):
    items = "".join(f'\t{{ "{stem}",\n{c_string(text)} }},\n' for stem, text in read(name))
    return (f"const struct sql_file sql_{name}[] = {{\n{items}\t{{ 0 }},\n}};\n"
            f"const size_t sql_{name}_count = sizeof(sql_{name}) / sizeof(sql_{name}[0]) - 1;\n")


def dependencies():
    """The folders too: their time changes when a file comes or goes."""
    folders = [schema / name for name in FOLDERS]
    paths = [*folders, *(path for folder in folders for path in sorted(folder.glob("*.sql")))]
    return f"{queries_h}: " + " ".join(str(path).replace(" ", "\\ ") for path in paths) + "\n"


statements = read("queries")
queries_h.write_text(QUERIES_H.format(values="".join(f"\tQUERY_{name.upper()},\n" for name, _ in statements)))
queries_c.write_text('#include "queries.h"\n\nconst struct query_text query_texts[QUERY_COUNT] = {\n'
                     + "".join(query(*statement) for statement in statements) + "};\n")
setup = read("setup")
files_h.write_text(FILES_H.format(setup="".join(f"extern const char sql_setup_{name}[];\n" for name, _ in setup)))
files_c.write_text('#include "sql_files.h"\n\n' + files("migrations") + "\n"
                   + files("functions")
                   + "".join(f"\nconst char sql_setup_{name}[] =\n{c_string(text)};\n" for name, text in setup))
depfile.write_text(dependencies())
