"""Local servers that speak the five systems' APIs over a data-set folder.

`python -m include.sandbox serve --data DIR` serves a folder, `generate --out DIR` invents one.
The form of the folder, the ports and the fault plans are described in README.md beside this file.
The package knows the APIs and nothing of the pipeline that reads them.
"""
