"""What other projects have lent to hnn-core."""
