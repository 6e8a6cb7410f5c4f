"""What the documentation promises to list, it lists."""
import pathlib
import re
import subprocess

from lib.gateway import MEWSD

TOP = pathlib.Path(__file__).parents[2]
DOCS = TOP / "docs"


def test_sample_configuration_is_the_one_that_mewsd_prints():
    printed = subprocess.run([MEWSD, "--print-config"], capture_output=True, text=True, check=True).stdout
    assert (TOP / "deploy/mews.conf").read_text() == printed


def test_every_key_is_documented():
    table = (TOP / "gateway/config_keys.c").read_text()
    keys = re.findall(r'\{ "([a-z_.]+)", CONFIG_', table)
    assert len(keys) > 10
    text = (DOCS / "configuration.md").read_text()
    assert [key for key in keys if f"`{key}`" not in text] == []


def test_links_between_pages_lead_somewhere():
    for page in [TOP / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
