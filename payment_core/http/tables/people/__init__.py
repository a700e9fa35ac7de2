"""The route tables of people: who pays, who is paid, and the bank accounts of both."""
