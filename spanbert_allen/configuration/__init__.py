"""Configurations of trainings: evaluated, checked before anything is built, and started."""

from spanbert_allen.configuration import devices, reading, starting

for _part in (reading, starting, devices):
    _part.install()
