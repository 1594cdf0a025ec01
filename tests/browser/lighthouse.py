"""Lighthouse's scores of every page on a phone: python -m tests.browser.lighthouse <site>."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.browser.conftest import QUIET, chromium
from tests.browser.serve import serving

LIGHTHOUSE = Path(__file__).with_name("node_modules") / ".bin" / "lighthouse"
LEAST = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
TIMES = 3
REPORT = Path("build", "lighthouse.json")


def look(address: str) -> dict[str, Any]:
    """One report of Lighthouse on a page; its standard profile is a phone."""
    flags = " ".join(("--headless=new", "--no-sandbox", *QUIET))
    command = [str(LIGHTHOUSE), address, "--quiet", "--output=json", f"--chrome-flags={flags}"]
    command += [f"--only-categories={','.join(LEAST)}"]
    environment = os.environ | {"CHROME_PATH": chromium()}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def judge(address: str) -> dict[str, Any]:
    """The median scores of a page, what it loaded, and what cost it points."""
    reports = [look(address) for _ in range(TIMES)]
    items = reports[-1]["audits"]["network-requests"]["details"]["items"]
    requests = [one for one in items if one["url"].startswith("http")]
    scores = {
        category: statistics.median(
            round(report["categories"][category]["score"] * 100) for report in reports
        )
        for category in LEAST
    }
    return {
        **scores,
        "KB": round(sum(one["transferSize"] for one in requests) / 1024, 1),
        "requests": len(requests),
        "faults": sorted(
            {
                name
                for report in reports
                for category in report["categories"].values()
                for name in (ref["id"] for ref in category["auditRefs"] if ref["weight"])
                if report["audits"][name]["score"] is not None
                and report["audits"][name]["score"] < 0.9
            }
        ),
    }


def main(site: Path) -> int:
    """Print one table and write build/lighthouse.json; 1 if a page scores less than it must."""
    pages = sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html"))
    judged = {}
    with serving(site.resolve()) as host:
        for page in pages:
            if page != "404.html":  # a host sends it with status 404, which Lighthouse refuses
                judged[page] = judge(f"{host}/{page}")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(judged, indent=2) + "\n", "utf-8")
    columns = [*LEAST, "KB", "requests"]
    table = Table("page", *columns)
    for page, scores in judged.items():
        table.add_row(page, *(f"{scores[column]:g}" for column in columns))
    Console().print(table)
    low = [
        f"{page}: {category} is {scores[category]:g}, not {least}: {', '.join(scores['faults'])}"
        for page, scores in judged.items()
        for category, least in LEAST.items()
        if scores[category] < least
    ]
    print(*low, sep="\n", file=sys.stderr)
    return bool(low)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
