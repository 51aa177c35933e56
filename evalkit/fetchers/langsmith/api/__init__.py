"""What a LangSmith server is asked, and how; knows no run of ours."""
