"""What the doctor looks for, one finding a file, and the registry of all of them."""
