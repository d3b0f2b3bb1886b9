#!/bin/bash
# Slurm without a driver: sbatch docs/cluster/slurm_array.sh.  Again after a failure: the same line; what is finished is skipped.
#SBATCH --array=1-8 --cpus-per-task=2 --time=4:00:00 --mem=4G
#SBATCH --requeue --signal=B:USR1@120 --open-mode=append
export PRELIMBIC_REQUEUE=1  # a job that was warned has itself queued again
exec .venv/bin/prelimbic run dose_response --seeds 20 --out /shared/dose --share "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_MAX"
