"""Serve trained models over HTTP, with requests that go through a model together."""
