"""What is measured on the model: its parts, losses, optimizer, and what arrives inside."""
