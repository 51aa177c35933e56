"""The one HTML file and the local server; `templates/` and `static/` move in here."""
