"""From records to gradebook, exports, pages and progress."""
