"""Questions and passages to windows, labels and instances."""
