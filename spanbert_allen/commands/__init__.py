"""The subcommands of spanbert-allen."""
