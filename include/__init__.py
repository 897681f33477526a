"""Closed Loop's own code: plain Python that imports no Airflow (see the README's tour)."""
