"""Numbers as text and figures as SVG; knows neither runs nor pages."""
