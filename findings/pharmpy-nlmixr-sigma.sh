#!/usr/bin/env bash
# Guess: a NONMEM model that pharmpy converts to nlmixr2 has the same residual error as in NONMEM, and as when it is converted to rxode2.
# Seen: $SIGMA 0.04 is a variance, 20 % of the prediction; the nlmixr2 model has SIGMA <- 0.04 and prop(SIGMA), and prop() of nlmixr2 takes a
#   standard deviation: 4 %. The rxode2 model of the same source has lotri(SIGMA ~ 0.04), a variance, which is right.
#   With FIX the 4 % stay, without it they are where the fit starts.
# Who meets it: whoever takes a published NONMEM model to nlmixr2 to simulate, to evaluate it on new data, or to fix a part of it.
# Source: what is run below (R is not needed, the code is looked at); seen with pharmpy-core 2.1.1. That prop() takes a standard deviation:
#   nlmixr2/nlmixr2 issue 310, and nlmixr2/nonmem2rx issue 192 for the same trap in another converter.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pharmpy-core==2.1.1 2>/dev/null
cd "$place"
printf 'ID,TIME,AMT,DV\n1,0,100,0\n1,1,0,9\n1,12,0,3\n' >data.csv
cat > bolus.mod <<'END'
$PROBLEM An i.v. bolus
$INPUT ID TIME AMT DV
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
$SIGMA 0.04 FIX
$ESTIMATION METHOD=1
END
venv/bin/python -W ignore - <<'END'
import pharmpy
from pharmpy.modeling import convert_model, read_model

print("pharmpy-core", pharmpy.__version__)
model = read_model("bolus.mod")
seen = {}
for tool in ("nlmixr", "rxode"):
    lines = [line.strip() for line in convert_model(model, tool).code.splitlines()]
    seen[tool] = [line for line in lines if "SIGMA" in line or "prop(" in line]
    print(tool, seen[tool])
assert seen["nlmixr"][0] == "SIGMA_1_1 <- fixed(0.04)", seen
assert "prop_error <- SIGMA_1_1" in seen["nlmixr"] and seen["nlmixr"][-1].endswith("prop(prop_error)")
assert any(line.startswith("SIGMA_1_1 ~") and "0.04" in line for line in seen["rxode"])
END
