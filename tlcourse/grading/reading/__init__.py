"""From a folder of files to submissions, and from a file to the answers in it. Runs nothing."""
