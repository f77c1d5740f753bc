"""`python -m infra.publish`: write the template and the readme for the AWS Serverless Application Repository."""

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from infra.build.state_machine import read_definition
from infra.build.template_file import ROOT, load
from infra.publish.one_template import inline
from infra.publish.state_machine import embed_definition

METADATA = "AWS::ServerlessRepo::Application"
TEMPLATE, README = "repository.json", "repository.md"
_LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)")


def read_version() -> str:
    """Return the version of the project, which is written in pyproject.toml alone."""
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return version


def make_template(build: Path, architecture: str, verify: str, source: str) -> dict[str, Any]:
    """Return the built template as one template, for one processor, with all metadata.

    Args:
        build: the directory of the artifact. Paths in the template are relative to it.
        architecture: the processor that it is built for. Nobody can choose another after the code is published.
        verify: `decode` if the code has the decoders. Without them, nobody can choose that.
        source: the URL of the repository of the source.
    """
    built = load(build / "template.yaml")
    stack = built["Resources"]["Observability"]["Properties"]
    template = inline(built, load(build / stack["TemplateURL"]), "Observability")
    machine = template["Resources"]["StateMachine"]
    definition = read_definition(build / machine["Properties"]["DefinitionUri"])
    template["Resources"]["StateMachine"] = embed_definition(machine, definition)
    template["Parameters"]["Architecture"] |= {"Default": architecture, "AllowedValues": [architecture]}
    if verify != "decode":
        template["Parameters"]["Verify"] |= {"AllowedValues": ["structure"]}
    template["Metadata"][METADATA] |= {
        "SemanticVersion": read_version(),
        "SourceCodeUrl": source,
        "HomePageUrl": source,
        "ReadmeUrl": README,
    }
    return template


def make_readme(source: str) -> str:
    """Return the readme with links that work outside of the source."""
    return _LINK.sub(f"{source}/blob/v{read_version()}/", (ROOT / "README.md").read_text())


def main() -> int:
    """Write both files into the directory of the artifact; return 1 if an argument is wrong."""
    parser = argparse.ArgumentParser(prog="make publish")
    parser.add_argument("architecture")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--verify", default="")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--check", action="store_true", help="only check the arguments")
    options = parser.parse_args()
    source = options.source.rstrip("/")
    if not options.bucket or not source.startswith("https://"):
        print(
            "make publish: expected BUCKET, a bucket in your region that the repository may read (docs/releasing.md),"
            "\nand SOURCE, the https URL of the source: make publish BUCKET=my-packages SOURCE=https://git.example/image-intake",
            file=sys.stderr,
        )
        return 1
    if not options.check:
        template = make_template(options.build, options.architecture, options.verify, source)
        (options.build / TEMPLATE).write_text(json.dumps(template, indent=1))
        (options.build / README).write_text(make_readme(source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
