"""`make run` reads source buckets with the credentials of its caller: the command of docs/private-origins.md."""

import re
import shlex

import pytest
from infra.build.template_file import ROOT
from infra.run.settings import require_known_variables

from support.run_lab import RunLab, images, rows, runs
from support.s3_server import S3Server
from support.sample_images import picture

PAGE = (ROOT / "docs" / "private-origins.md").read_text()
[COMMAND] = re.findall(r"^make run .*$", PAGE, re.MULTILINE)
KEYS = ("lot 7/a+b.jpg", "a%20#1.jpg")


@pytest.mark.parametrize("access", ["own", "no"])
def test_command_of_the_page_reads_a_bucket_with_the_credentials_of_its_caller(
    lab: RunLab, s3: S3Server, access: str
) -> None:
    bucket = s3.new_bucket()
    for number, key in enumerate(KEYS):
        s3.client().put_object(Bucket=bucket, Key=key, Body=picture(8, 8, number))
    lab.write("urls.txt", "".join(f"s3://{bucket}/{key}\n" for key in KEYS) + lab.url(1) + "\n")
    make, target, *variables = shlex.split(COMMAND.replace("my-photos", bucket))
    settings = dict(variable.split("=", 1) for variable in variables)
    require_known_variables(settings)
    if access == "no":  # neither in the environment nor in a file; the machine is not asked
        nothing = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
        credentials = nothing | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": s3.region}
    else:
        credentials = s3.environment

    source, out = lab.folder / settings.pop("LIST"), lab.folder / settings.pop("OUT")
    status, output = lab.run(source, out, **settings, **credentials)

    assert (make, target) == ("make", "run")
    [run] = runs(out)
    expected = [None] * 3 if access == "own" else ["credentials_unavailable"] * 2 + [None]
    assert [row.get("code") for row in rows(run)] == expected, output
    assert (status, len(images(out))) == ((0, 3) if access == "own" else (1, 1))
