"""Turns what LangGraph's serializers wrote into plain values, without running any of it."""
