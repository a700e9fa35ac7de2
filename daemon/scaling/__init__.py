"""Reads what components have and are busy with, decides at a tick, and has what follows from it carried out."""
