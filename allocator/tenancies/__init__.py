"""租赁: offers, leases, rents and subsidies. Pure: frames in, frames out."""
