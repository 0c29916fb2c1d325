"""Test runs compared case by case: what fails, vanishes or takes longer now and did not before. Data and rules only."""
