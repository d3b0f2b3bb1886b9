#!/usr/bin/env bash
# Guess: pharmpy's add_time_after_dose only adds the column TAD to a NONMEM data set; and of two records at the same time, the one that
#   stands after a dose is after the dose, as NONMEM, which takes records in their order, has it.
# Seen: a sample at the time of a dose counts as one before it, whatever the order, and the records are put into that order. So a sample
#   that follows an i.v. bolus at the same time (the peak) comes before the dose, in the data of the model and in what write_csv writes;
#   a program that takes records in order has 0 there, or the trough (NONMEM itself is not run here). The first peak is lost to
#   get_concentration_parameters_from_data too: its Cmax for the first dose is the peak of the second, 24 h later.
# Who meets it: whoever has samples at the times of i.v. boluses, as simulated data and grids of samples have.
# Source: what is run below; seen with pharmpy-core 2.1.1. That a sample counts to the dose before is meant (pharmpy/pharmpy issue
#   622, and the text of get_doseid); the text of add_time_after_dose does not say that records move.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pharmpy-core==2.1.1 2>/dev/null
cd "$place"
cat > data.csv <<'END'
ID,TIME,AMT,EVID,DV
1,0,100,1,0
1,0,0,0,10
1,12,0,0,3
1,24,0,0,1
1,24,100,1,0
1,24,0,0,11
1,36,0,0,3.3
END
cat > bolus.mod <<'END'
$PROBLEM An i.v. bolus, sampled at once
$INPUT ID TIME AMT EVID DV
$DATA data.csv IGNORE=@
$SUBROUTINE ADVAN1 TRANS2
$PK
CL=THETA(1)*EXP(ETA(1))
V=THETA(2)
S1=V
$ERROR
Y=F+F*EPS(1)
$THETA (0,1)
$THETA (0,10)
$OMEGA 0.09
$SIGMA 0.01
$ESTIMATION METHOD=1
END
venv/bin/python -W ignore - <<'END'
import csv

import pharmpy
from pharmpy.modeling import add_time_after_dose, get_concentration_parameters_from_data, read_model, write_csv

print("pharmpy-core", pharmpy.__version__)
model = read_model("bolus.mod")
write_csv(add_time_after_dose(model), path="out.csv")


def records(name):
    with open(name) as file:
        return [
            f"{float(row['TIME']):g} h " + ("dose" if row["EVID"][0] == "1" else f"sample {float(row['DV']):g}")
            for row in csv.DictReader(file)
        ]


given, written = records("data.csv"), records("out.csv")
print("given:  ", "; ".join(given))
print("written:", "; ".join(written))
peaks = get_concentration_parameters_from_data(model)[["Cmax", "Tmax"]]
print(peaks)
assert given[:2] == ["0 h dose", "0 h sample 10"] and written[:2] == ["0 h sample 10", "0 h dose"]
assert given[4:6] == ["24 h dose", "24 h sample 11"] and written[4:6] == ["24 h sample 11", "24 h dose"]
assert peaks.loc[(1, 1)].tolist() == [11.0, 24.0]
END
