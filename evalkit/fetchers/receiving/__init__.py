"""Receiving: a local OTLP/HTTP endpoint that keeps what applications send as files."""
