"""What a training shows and logs."""
