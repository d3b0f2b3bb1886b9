#!/usr/bin/env bash
# Guess: in libRoadRunner `r.A` and `r["A"]` are two ways to write the same thing, and both mean what `A` means in the SBML model: an
#   amount where the species has hasOnlySubstanceUnits="true", as the drug in a compartment of a PK model does.
# Seen: `r["A"]` is the amount and `r.A` is the concentration, whatever the species is in the model. So `r.A = 35` gives 35 times the volume
#   (1239 mg where 35 mg were meant), `r["A"] = 35` gives 35 mg, and nothing warns; the columns of simulate() are concentrations too.
# Who meets it: whoever gives a dose or reads a compartment of a PK or PBPK model in SBML, whose volumes are not 1 L; with a volume of 1 the
#   two agree, so that small examples do not show it.
# Source: what is run below; seen with libroadrunner 2.10.0. Its makers know: a merged pull request (sys-bio/roadrunner 624, 2020) says
#   that rr.S1 "still gets concentration despite inconsistency with rr["S1"]", and added rr.S1_conc; issue 1090 asks for the model's own.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q libroadrunner==2.10.0 2>/dev/null
cd "$place"
cat > pk.xml <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
  <model id="pk">
    <listOfCompartments><compartment id="V" size="35.4" spatialDimensions="3" constant="true"/></listOfCompartments>
    <listOfSpecies>
      <species id="A" compartment="V" initialAmount="35" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters>
      <parameter id="CL" value="89.4" constant="true"/>
      <parameter id="of_the_model" constant="false"/>
    </listOfParameters>
    <listOfRules>
      <assignmentRule variable="of_the_model"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>A</ci></math></assignmentRule>
    </listOfRules>
    <listOfReactions>
      <reaction id="elimination" reversible="false" fast="false">
        <listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
        <kineticLaw>
          <math xmlns="http://www.w3.org/1998/Math/MathML">
            <apply><divide/><apply><times/><ci>CL</ci><ci>A</ci></apply><ci>V</ci></apply>
          </math>
        </kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
END
venv/bin/python - <<'END'
import roadrunner

print("libroadrunner", roadrunner.__version__)
r = roadrunner.RoadRunner("pk.xml")


def show(what):
    print(f'{what}: r.A {r.A:.4g}, r["A"] {r["A"]:.4g}, r["[A]"] {r["[A]"]:.4g}, A in the model {r["of_the_model"]:.4g}')
    return round(r.A, 3), round(r["A"], 3), round(r["of_the_model"], 3)


loaded = show("35 mg in 35.4 L, as loaded")
r.A = 35.0
attribute = show("after r.A = 35")
r["A"] = 35.0
item = show('after r["A"] = 35')
columns = r.simulate(0, 1, 3).colnames
print("columns of simulate():", columns)
assert loaded == item == (0.989, 35.0, 35.0)
assert attribute == (35.0, 1239.0, 1239.0)
assert columns == ["time", "[A]"]
END
