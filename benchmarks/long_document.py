"""
Resolves one long text as one document with `allennlp predict`, and says what it took.

    .venv/bin/python benchmarks/long_document.py out/litbank/model.tar.gz novel.txt

Time and peak memory are the whole command's: start-up, loading, tokenising, resolving, writing.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0].strip())
    parser.add_argument("archive", type=Path)
    parser.add_argument("text", type=Path, help="a text file, UTF-8")
    arguments = parser.parse_args()
    text = arguments.text.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "text.jsonl", Path(folder) / "clusters.jsonl"
        source.write_text(json.dumps({"doc_key": arguments.text.stem, "text": text}) + "\n")
        command = [str(Path(sys.executable).with_name("allennlp")), "predict"]
        command += [str(arguments.archive), str(source), "--output-file", str(target), "--silent"]
        command += ["--include-package", "spanbert_allen"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        (result,) = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    clusters = result["clusters"]
    print(f"{arguments.text.name}: {len(text.split()):,} words, {len(text):,} characters")
    print(f"{seconds:.0f} seconds, {peak:.2f} GB peak")
    mentions = sum(map(len, clusters))
    print(f"{len(clusters):,} clusters, {mentions:,} mentions")
    for cluster in sorted(clusters, key=len, reverse=True)[:5]:
        names = Counter(mention["text"] for mention in cluster).most_common(4)
        print(f"  {len(cluster):>5} x  {', '.join(f'{name} {count}' for name, count in names)}")


if __name__ == "__main__":
    main()
