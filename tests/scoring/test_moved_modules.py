"""Built-in evaluators that moved keep the names stored fingerprints know them by."""

import sys
from pathlib import Path

import pytest

from evalkit.project import plugins
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.fingerprint.fingerprint import fingerprint
from evalkit.scoring.fingerprint.modules import FORMER

ROOT = Path(__file__).parents[2]
RECORDED = {
    "citations_exist": {
        "evalkit.evaluators.trajectory.wording": "7a344472c3adb21711f1e020",
    },
    "quotes_are_verbatim": {
        "evalkit.evaluators.trajectory.wording": "7a344472c3adb21711f1e020",
    },
    "contains": {
        "evalkit.evaluators.trajectory.wording": "7a344472c3adb21711f1e020",
    },
}
"""Written into a store before the modules moved; a change of their code changes these, rightly."""


def causes(name: str, root: Path) -> dict[str, str]:
    found = plugins.load(plugins.evaluators()[name])
    return fingerprint(as_evaluator(found, name=name), root)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="syntax trees differ by Python")
@pytest.mark.parametrize("name", RECORDED)
def test_scores_from_before_the_move_are_still_found(name: str, tmp_path: Path) -> None:
    assert RECORDED[name].items() <= causes(name, tmp_path).items()


@pytest.mark.parametrize("name", RECORDED)
def test_no_fingerprint_knows_a_module_by_its_new_place(name: str, tmp_path: Path) -> None:
    assert not set(FORMER) & set(causes(name, tmp_path))


def test_files_of_the_project_keep_their_former_places_too() -> None:
    found = causes("quotes_are_verbatim", ROOT)  # this repository is a project of its own
    assert {"evalkit/evaluators/quotes.py", "evalkit/evaluators/trajectory/wording.py"} <= {*found}
