"""The design of a training: what a surrogate knows lies within it."""

CONCENTRATIONS_UM = (0.0, 0.2, 0.5, 1.0, 2.0)  # unbound ketamine
CONTACTS = (0.6, 0.8, 1.0, 1.2)  # over the healthy number
CIRCUITS = 4  # drawn circuits that rest as recorded
MOST_DRAWN = 60  # of which they are found
TOLERANCE = 0.5  # of a target rate, on one wiring; a circuit then counts if its rates are as recorded
COARSE = 12  # first looks of a calibration
SECONDS = (0.5, 5.0, 8.0)  # to settle, of a look, and of one at rest
