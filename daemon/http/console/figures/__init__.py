"""Figures and limits that several pages show: money, automation, objectives."""
