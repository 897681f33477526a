"""dlt's own ``rest_api`` source, configured for one source; run by the interpreter dlt is in.

``python dlt_pipeline.py CONFIGURATION FOLDER`` loads into JSON lines under FOLDER. CONFIGURATION is
a JSON file: a ``rest_api`` configuration with one resource, ``rows``.
"""

import json
import sys
from pathlib import Path

import dlt
from dlt.destinations import filesystem
from dlt.sources.rest_api import rest_api_source

if __name__ == "__main__":
    configuration, folder = Path(sys.argv[1]), Path(sys.argv[2])
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "state"),
        destination=filesystem(bucket_url=str(folder / "out")),
        dataset_name="bench",
    )
    pipeline.run(rest_api_source(json.loads(configuration.read_text())), loader_file_format="jsonl")
    print(json.dumps({"rows": pipeline.last_trace.last_normalize_info.row_counts["rows"]}))
