"""OpenTelemetry spans and the names tracers give things."""
