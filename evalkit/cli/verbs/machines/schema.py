"""schema: print the JSON schema of a document evalkit reads or writes."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.project.schemas import SCHEMAS


def perform(session: Session, /, document: str, as_json: bool) -> None:
    """Print the schema as made from the models that check the document."""
    session.document(SCHEMAS[document]())
