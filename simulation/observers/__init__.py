"""What else a run may be than the loop of the whole model: a circuit under drug, watched in one way each."""
