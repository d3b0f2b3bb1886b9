"""Patients: who they are, and what a dose does to their circuit, synapses and symptoms over days."""
