"""LangSmith's read-only names on runs: its evaluators run unmodified."""

from __future__ import annotations

from typing import Any

from evalkit.model.langsmith.names import LangSmithNames, feedback_stats, order_segment


class LangSmithRun(LangSmithNames):
    """What LangSmith's `Run` answers for the root of a trace."""

    __slots__ = ()

    run_id: str
    example_id: str | None
    steps: Any
    extra: Any
    feedback: Any

    @property
    def id(self) -> str:
        """LangSmith's name for `run_id`."""
        return self.run_id

    @property
    def run_type(self) -> str:
        """LangSmith's kind of a root run."""
        return "chain"

    @property
    def reference_example_id(self) -> str | None:
        """LangSmith's name for `example_id`."""
        return self.example_id

    @property
    def child_runs(self) -> list[Any]:
        """LangSmith's name for the steps at the top; never `None`."""
        known = {step.step_id for step in self.steps}
        return [step for step in self.steps if step.parent_id not in known]

    @property
    def child_run_ids(self) -> list[str]:
        """The ids of everything inside."""
        return [step.step_id for step in self.steps]

    @property
    def parent_run_id(self) -> None:
        """A run of an experiment is a root."""
        return None

    @property
    def parent_run_ids(self) -> list[str]:
        """A run of an experiment is a root."""
        return []

    @property
    def trace_id(self) -> str:
        """LangSmith's id of a trace is that of its root."""
        return self.run_id

    @property
    def dotted_order(self) -> str | None:
        """LangSmith's place of a run in its trace: for a root its start and its id."""
        return order_segment(self.started_at, self.run_id)

    @property
    def session_id(self) -> Any:
        """The experiment (session) in LangSmith, where the runs came from there."""
        return self.extra.get("session_id")

    @property
    def app_path(self) -> Any:
        """Path of the run's page in LangSmith."""
        return self.extra.get("app_path")

    @property
    def events(self) -> Any:
        """Events LangSmith recorded of the root."""
        return self.extra.get("events")

    @property
    def serialized(self) -> Any:
        """What LangChain wrote of the component itself."""
        return self.extra.get("serialized")

    @property
    def manifest_id(self) -> Any:
        """LangSmith's id of the stored component."""
        return self.extra.get("manifest_id")

    @property
    def in_dataset(self) -> Any:
        """Whether the run was made an example, as LangSmith said it."""
        return self.extra.get("in_dataset")

    @property
    def feedback_stats(self) -> dict[str, dict[str, Any]]:
        """Recorded scores by key, in LangSmith's shape (`n`, `avg`)."""
        return feedback_stats(self.feedback)
