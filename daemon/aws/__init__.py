"""Adapters to AWS: the only modules that know aiobotocore."""
