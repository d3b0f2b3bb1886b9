"""Patients: who they are, and what a dose does to their circuit, synapses and symptoms over days."""

from prelimbic.patients.course import courses
from prelimbic.patients.subjects import people

__all__ = ["courses", "people"]
