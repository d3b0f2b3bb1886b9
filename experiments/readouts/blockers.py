"""Readouts of study blockers: baths of NMDA blockers, and what is compared under them."""

from __future__ import annotations

from prelimbic.experiments.readouts.columns import Column, at, value

BATH_H = 2.0
DRUGS: dict[str, float] = {"none": 0.0, "ketamine": 3.0, "memantine": 3.0, "ro25_6981": 1.0}  # uM

BLOCKED: dict[str, Column] = {
    "Pyr Hz": at("rate", "peak", population="Pyr"),
    "GABA on Pyr": at("gaba_conductance", "peak"),
    "NMDA on Pyr": at("nmda_conductance", "peak"),
    "BDNF, highest": value("peak_bdnf"),
    "mTORC1, highest": value("peak_mtorc1"),
    "spines 24 h": at("spines", "24 h"),
}
