"""How good a reader is: sets, measures, corruptions, calibration."""
