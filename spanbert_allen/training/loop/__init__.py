"""The trainer and the steps of its loop."""
