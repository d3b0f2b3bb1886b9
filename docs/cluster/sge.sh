#!/bin/bash
# Grid Engine: qsub docs/cluster/sge.sh.  The soft limit sends USR1; code 99 makes Grid Engine queue the job again.
#$ -S /bin/bash -t 1-8 -pe smp 2 -l h_rt=4:00:00,s_rt=3:55:00 -cwd -r y
trap 'kill -USR1 "$command"' USR1  # else the signal would end this script before the command has kept its places
.venv/bin/prelimbic run dose_response --seeds 20 --out /shared/dose --workers 2 --share "$SGE_TASK_ID/$SGE_TASK_LAST" &
command=$!
while :; do
  wait "$command"
  code=$?
  kill -0 "$command" 2>/dev/null || break
done
[ "$code" -eq 75 ] && exit 99
exit "$code"
