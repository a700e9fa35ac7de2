"""What a bad release did to payments, and how each is put right: proposed, approved by people, done once."""
