"""Metrics as pure functions; nothing imported here needs torch."""
