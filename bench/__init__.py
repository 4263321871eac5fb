"""Speed, measured on this machine: `make bench`. Ratios in one run; the last results stand in README.md beside this."""
