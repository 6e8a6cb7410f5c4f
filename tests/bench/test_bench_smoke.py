"""./dev bench still runs from end to end. Its figures are not looked at: they are no tests."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

BENCH = pathlib.Path(__file__).with_name("bench.py")
SECONDS = 180  # on a machine that does other things, too

pytestmark = [pytest.mark.long,
              pytest.mark.skipif(not (shutil.which("wrk") and pathlib.Path("/usr/sbin/nginx").exists()),
                                 reason="./dev bench installs wrk and nginx")]


def test_bench(tmp_path):
    result = tmp_path / "figures.json"
    subprocess.run([sys.executable, BENCH, "--quick", "--seconds", "1", "--devices", "20000", "--json", result],
                   check=True, timeout=SECONDS)
    figures = {figure["name"]: figure for figure in json.loads(result.read_text())["figures"]}
    for name in ("polls", "feedback, progress", "download, 1 connection", "memory of a worker, idle (PSS)"):
        assert figures[name]["mews"] > 0
