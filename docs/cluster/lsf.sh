#!/bin/bash
# LSF: bsub < docs/cluster/lsf.sh.  Warned five minutes before its limit a job ends with code 75, and -Q queues it again.
#BSUB -J "prelimbic[1-8]" -n 2 -R "span[hosts=1]" -M 4GB -W 4:00
#BSUB -wa USR2 -wt 5 -Q "75" -r
exec .venv/bin/prelimbic run dose_response --seeds 20 --out /shared/dose --workers 2 --share "$LSB_JOBINDEX/$LSB_JOBINDEX_END"
