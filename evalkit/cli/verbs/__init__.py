"""What each verb does, a module a verb, loaded when the verb runs."""
