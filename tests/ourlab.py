"""Files of a package of a lab, which brings a study, a claim and a sheet."""

STUDY = """'''Is it so?'''
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.sweep.study import Study, planned, resting_runs
from prelimbic.simulation.hypotheses import AS_SHEETS

def compute(config, compiled, tell):
    return {}

def plan(options):
    return resting_runs("ours", options, AS_SHEETS, 2.0, compute)

STUDY = Study(
    "ours", "Is it so?", {"sheet": ""}, plan, lambda data: Answer((), "yes"), lambda data, folder: []
)
"""
CLAIMS = """import numpy as np
from prelimbic.experiments.claims.claim import Claim, Measure, UP

def ours(bench):
    return [Measure("what it is", "1", np.array([1.0]), *UP)]

CLAIM = Claim("LAB1", "It is so", "our lab", "CTRL", "none", ours, no_effect="it is of no drug")
"""
SHEET = """[sheet]
title = "Ours"
based_on = "point"

[Pyr]
leak = { value = 9.0, unit = "nS", status = "assumed", source = "us", note = "ours", range = [5, 15] }
"""
