"""What is measured on the data: reading splits, fingerprints, copies, order, balance, label noise."""
