"""LangSmith's read-only names on steps: a child run there is a step here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.model.langsmith.names import LangSmithNames, feedback_stats, order_segment


class LangSmithStep(LangSmithNames):
    """What LangSmith's `Run` answers for a child."""

    __slots__ = ()

    step_id: str
    parent_id: str | None
    kind: str
    error: str | None
    outputs: Any
    metadata: dict[str, Any]
    duration_s: float | None
    children: Any
    ancestors: Any
    descendants: Any
    _owner: Any

    @property
    def id(self) -> str:
        """LangSmith's name for `step_id`."""
        return self.step_id

    @property
    def run_type(self) -> str:
        """LangSmith's name for `kind` (a node or agent is a `chain` there)."""
        if self.kind == "other":  # `parser`, `prompt` and the like, where the source said so
            return str(self.metadata.get("ls_run_type") or "chain")
        return "chain" if self.kind in ("node", "agent", "guardrail") else self.kind

    @property
    def parent_run_id(self) -> str | None:
        """LangSmith's name for the parent: a step at the top is a child of the run itself."""
        return self.trace_id if self.parent_id is None else self.parent_id

    @property
    def parent_run_ids(self) -> list[str] | None:
        """The ids from the run down to the parent."""
        run = self._run()
        if run is None:
            return None
        return [run.run_id, *(step.step_id for step in reversed(self.ancestors))]

    @property
    def trace_id(self) -> str | None:
        """The run this happened in."""
        run = self._run()
        return None if run is None else str(run.run_id)

    @property
    def session_id(self) -> str | None:
        """The experiment (session) in LangSmith, where the run came from there."""
        run = self._run()
        return None if run is None else run.session_id

    @property
    def dotted_order(self) -> str | None:
        """LangSmith's place of a run in its trace: starts and ids from the root down."""
        run = self._run()
        around = [(step.started_at, step.step_id) for step in (*reversed(self.ancestors), self)]
        root = [] if run is None else [(run.started_at, run.run_id)]
        parts = [order_segment(*each) for each in (*root, *around)]
        return None if run is None or None in parts else ".".join(filter(None, parts))

    @property
    def status(self) -> str:
        """LangSmith's status: `error`, `success`, or `pending` where no end was recorded."""
        if self.error:
            return "error"
        ended = self.ended_at is not None or self.duration_s is not None
        return "success" if ended or self.outputs is not None else "pending"

    @property
    def child_run_ids(self) -> list[str]:
        """The ids of everything inside."""
        return [step.step_id for step in self.descendants]

    @property
    def reference_example_id(self) -> None:
        """LangSmith names the example at the root only."""
        return None

    @property
    def events(self) -> list[Any] | None:
        """Events LangSmith recorded of this run."""
        return self._unnamed().get("events")

    @property
    def serialized(self) -> Any:
        """What LangChain wrote of the component itself."""
        return self._unnamed().get("serialized")

    @property
    def manifest_id(self) -> str | None:
        """LangSmith's id of the stored component."""
        return self._unnamed().get("manifest_id")

    @property
    def in_dataset(self) -> bool | None:
        """Whether this was made an example, as LangSmith said it."""
        return self._unnamed().get("in_dataset")

    @property
    def app_path(self) -> str | None:
        """Path of the run's page in LangSmith."""
        return self._unnamed().get("app_path")

    @property
    def attachments(self) -> dict[str, Any]:
        """Attachments are kept with the run."""
        return {}

    @property
    def feedback_stats(self) -> dict[str, dict[str, Any]]:
        """Recorded scores of this step by key, in LangSmith's shape (`n`, `avg`)."""
        run = self._run()
        given = () if run is None else run.feedback
        return feedback_stats(each for each in given if each.step_id == self.step_id)

    @property
    def url(self) -> str | None:
        """Where people can see the run this happened in."""
        run = self._run()
        return None if run is None else run.url

    def _run(self) -> Any:
        return None if self._owner is None else self._owner()

    def _unnamed(self) -> Mapping[str, Any]:
        """Return what the source said of this step and evalkit has no name for."""
        run = self._run()
        steps = {} if run is None else run.extra.get("steps") or {}
        return steps.get(self.step_id) or {}

    @property
    def child_runs(self) -> list[Any]:
        """LangSmith's name for `children`."""
        return list(self.children)

    @property
    def extra(self) -> dict[str, Any]:
        """LangSmith keeps metadata here, beside `runtime` and `invocation_params`."""
        return {**(self._unnamed().get("extra") or {}), "metadata": self.metadata}
