"""Configurations of trainings: evaluated, checked before anything is built, and started."""

from spanbert_allen.configuration import devices, reading, replaced_folder, starting

for _part in (reading, starting, replaced_folder, devices):
    _part.install()
