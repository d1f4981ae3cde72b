"""
Predictions for a corpus of many files, by many processes, that no interruption loses.

`manifest` says what is predicted, `run_folder` holds the protocol by which processes share the work
and leave their results, and `worker` does the work. How the workers are started is another matter:
`local` starts processes on this machine, `slurm` writes a job script. None of it imports torch or
AllenNLP but what loads the model.
"""
