"""The trained model of the four labels; knows nothing of the daemon."""
