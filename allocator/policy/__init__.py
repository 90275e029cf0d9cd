"""THE LAW: parameters with date, unit and source; the policy in force on a date."""
