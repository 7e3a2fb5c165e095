"""What is measured on the model: its parts, loss, optimizer and history, and what reaches its layers."""
