"""Imported last by a process that is forked often: what is there by now stays.

Else each fork's collector goes through it and thereby copies its pages.
"""

import gc

gc.collect()
gc.freeze()
