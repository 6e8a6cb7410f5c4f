"""Sequences of what devices and operators do: the model and the gateway agree on every poll, state and matrix.

MEWS_SEQUENCES: how many in all. A failing one is printed as JSON: keep it as a line of kept/sequences.jsonl.
"""
import contextlib
import json
import os
import pathlib

import hypothesis
import psycopg2
import pytest

from sequences import Client, Sequence
from steps import sequences

KEPT = pathlib.Path(__file__).parent / "kept" / "sequences.jsonl"
SEQUENCES = int(os.environ.get("MEWS_SEQUENCES", "60"))
SHARES = 4  # so that they can run beside each other
LENGTH = 30  # steps


@pytest.fixture
def run(gateway, database):
    """run(steps): in a project of its own."""
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(contextlib.closing(psycopg2.connect(database.conninfo)))
        client = stack.enter_context(contextlib.closing(Client(gateway)))
        connection.autocommit = True
        yield lambda steps: Sequence(client, connection).run(steps)


@pytest.mark.parametrize("share", range(SHARES))
def test_model_and_gateway_agree(run, share):
    @hypothesis.seed(int(os.environ["MEWS_SEED"]) * SHARES + share)
    @hypothesis.settings(max_examples=-(-SEQUENCES // SHARES), deadline=None, database=None, print_blob=False,
                         report_multiple_bugs=False, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(sequences(LENGTH))
    def agree(steps):
        try:
            run(steps)
        except Exception:
            hypothesis.note(f"keep this sequence:\n{json.dumps({'why': '', 'steps': steps})}")
            raise

    agree()


@pytest.mark.parametrize("kept", [json.loads(line) for line in KEPT.read_text().splitlines()], ids=lambda it: it["why"])
def test_kept(run, kept):
    run(kept["steps"])
