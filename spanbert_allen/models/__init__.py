"""One model a task: heads on the encoder, loss, readable output."""
