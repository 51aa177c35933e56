"""Looking at what is stored before anybody believes a figure."""
