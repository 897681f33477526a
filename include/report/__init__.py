"""What people read of the published marts."""
