"""Patients: who they are, what a treatment does to them, and trials of it."""
