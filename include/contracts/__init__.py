"""What every table holds: DDL, quality suites, column comments and dictionary derive from it."""

from include.contracts.ops import OPS_TABLES
from include.contracts.shape import Column, Table, Type
from include.contracts.staging import STAGING_TABLES

__all__ = ["OPS_TABLES", "STAGING_TABLES", "Column", "Table", "Type"]
