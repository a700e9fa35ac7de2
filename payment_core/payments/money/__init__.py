"""What becomes of captured money: it is released, refunded, disputed, or held in escrow."""
