"""The executor `slurm`: workers are the tasks of an array job."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from spanbert_allen.corpus_prediction.run_folder import RunFolder
from spanbert_allen.corpus_prediction.whole_files import write_whole

JOB_SCRIPT = "array_job.sh"


def write_job_script(run: RunFolder, *, workers: int) -> Path:
    """
    Write the script of an array job that works on a run, and return its path.

    Every task is a worker like any other: some may be pending while others work, and one that is
    put back into the queue takes what is left.

    # Parameters

    run : `RunFolder`
        The run; its folder, archive and inputs must be on a disk that all nodes see.
    workers : `int`
        How many tasks the job has.
    """
    folder = run.path.absolute()
    gpu = "" if run.manifest.device == "cpu" else "#SBATCH --gres=gpu:1\n"
    command = shlex.join(
        [sys.executable, "-m", "spanbert_allen", "corpus-predict", str(folder), "--worker"]
    )
    script = (
        "#!/bin/bash\n"
        "#SBATCH --job-name=corpus-predict\n"
        f"#SBATCH --array=0-{workers - 1}\n"
        "#SBATCH --ntasks=1\n"
        f"#SBATCH --cpus-per-task={run.manifest.threads}\n"
        f"{gpu}"
        "#SBATCH --requeue\n"
        "#SBATCH --open-mode=append\n"
        "#SBATCH --output=corpus-predict-%A_%a.log\n"
        "# Add what your cluster asks for, such as --partition, --time and --mem.\n"
        f"exec {command}\n"
    )
    path = run.path / JOB_SCRIPT
    write_whole(path, [script.encode("utf-8")])
    return path
