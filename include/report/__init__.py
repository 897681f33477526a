"""What people read of the published marts: the page, each build's report, a few lines of text."""
