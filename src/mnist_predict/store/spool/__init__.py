"""What is kept on this machine while the store is away, and moved to it when it is back."""
