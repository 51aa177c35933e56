"""What coding agents leave behind: sessions, rollouts, streams and results, one module an agent."""
