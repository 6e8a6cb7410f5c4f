"""Turn a page into C: `const char NAME[]` in NAME.h and NAME.c."""
import pathlib
import sys

page, header, source = map(pathlib.Path, sys.argv[1:])
name = header.stem
lines = (line.replace("\\", "\\\\").replace('"', '\\"') for line in page.read_text().splitlines())
header.write_text(f"/* Made by manage/embed_page.py from {page.name}. */\n#pragma once\n\nextern const char {name}[];\n")
source.write_text(f'#include "{header.name}"\n\nconst char {name}[] =\n'
                  + "\n".join(f'\t"{line}\\n"' for line in lines) + ";\n")
