"""The forms spans, their payloads and messages have in files, each brought to one."""
