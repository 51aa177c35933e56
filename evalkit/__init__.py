"""evalkit: score completed runs of LLM and agent applications.

The face: every name a user imports. Names that need pandas, pyarrow or scipy load when touched.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.errors import EvalkitError
    from evalkit.metrics.comparing.compare import compare
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.summary import Summary
    from evalkit.metrics.summaries.summarise import summarise
    from evalkit.model.example import Example
    from evalkit.model.experiment import Experiment
    from evalkit.model.results import Results
    from evalkit.model.run import Run
    from evalkit.model.score import Feedback, Score
    from evalkit.model.step import Step
    from evalkit.model.usage import Usage
    from evalkit.pipeline.memory import score_runs
    from evalkit.project.config import Project
    from evalkit.scoring.definition.cases import case
    from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator, evaluator

__version__ = "0.1.0"
"""Said here, where the build reads it: asking the installed packages costs 20 ms of every start."""

HOMES = {
    "Comparison": "evalkit.metrics.documents.comparison",
    "EvalkitError": "evalkit.errors",
    "Evaluator": "evalkit.scoring.definition.evaluator",
    "Example": "evalkit.model.example",
    "Experiment": "evalkit.model.experiment",
    "Project": "evalkit.project.config",
    "Feedback": "evalkit.model.score",
    "Results": "evalkit.model.results",
    "Run": "evalkit.model.run",
    "Score": "evalkit.model.score",
    "Step": "evalkit.model.step",
    "Summary": "evalkit.metrics.documents.summary",
    "Usage": "evalkit.model.usage",
    "as_evaluator": "evalkit.scoring.definition.evaluator",
    "case": "evalkit.scoring.definition.cases",
    "compare": "evalkit.metrics.comparing.compare",
    "evaluator": "evalkit.scoring.definition.evaluator",
    "score_runs": "evalkit.pipeline.memory",
    "summarise": "evalkit.metrics.summaries.summarise",
}
DRAWN = {"Comparison", "Results", "Summary", "compare", "score_runs", "summarise"}
"""Names that bring values with a table for notebooks."""

__all__ = [
    "Comparison",
    "EvalkitError",
    "Evaluator",
    "Example",
    "Experiment",
    "Feedback",
    "Project",
    "Results",
    "Run",
    "Score",
    "Step",
    "Summary",
    "Usage",
    "as_evaluator",
    "case",
    "compare",
    "evaluator",
    "score_runs",
    "summarise",
]


def __getattr__(name: str) -> Any:
    """Load a name of the face when it is first touched (PEP 562)."""
    if name not in HOMES:
        raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
    value = getattr(import_module(HOMES[name]), name)
    if name in DRAWN and "IPython" in sys.modules:
        import_module("evalkit.pipeline.notebook")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
