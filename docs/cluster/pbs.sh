#!/bin/bash
# PBS Pro, OpenPBS: qsub docs/cluster/pbs.sh.  A job at its limit keeps the places of its runs; submit the same again.
# The number of shares stands twice: 1-8 and /8.
#PBS -J 1-8 -l select=1:ncpus=2:mem=4gb -l walltime=4:00:00 -r y
cd "$PBS_O_WORKDIR" || exit 1
exec .venv/bin/prelimbic run dose_response --seeds 20 --out /shared/dose --workers 2 --share "$PBS_ARRAY_INDEX/8"
