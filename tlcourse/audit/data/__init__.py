"""What is measured on the data: reading splits, fingerprints, copies, changes, order, balance, label noise."""
