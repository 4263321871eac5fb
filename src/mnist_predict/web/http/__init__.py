"""What every request goes through: who asks, what is sent, in which form it is answered."""
