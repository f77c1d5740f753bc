"""The patterns of the template's parameters: which values they accept and which they reject."""

import re
from ipaddress import ip_network

import pytest
from infra.build.template_file import load

from intake.settings.config import Config
from intake.settings.table import SETTINGS

PARAMETERS = load()["Parameters"]
UUID = "01234567-89ab-cdef-0123-456789abcdef"
KEY = f"arn:aws:kms:eu-central-1:123456789012:key/{UUID}"
SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
POLICY = "arn:aws:iam::123456789012:policy"


def accepts(parameter: str, text: str) -> bool:
    """CloudFormation matches the whole value."""
    return re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], text) is not None


@pytest.mark.parametrize(
    "networks",
    [
        "",
        "10.0.0.0/8",
        "10.1.2.0/24",
        "10.255.255.255/32",
        "172.16.0.0/12",
        "172.31.255.0/24",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "100.127.255.255/32",
        "fc00::/7",
        "fd12:3456:789a::/48",
        "FD00::1/128",
        "10.0.0.0/8,192.168.1.0/24,fd00::/8",
    ],
)
def test_allowed_networks_accepts_private_networks(networks: str) -> None:
    assert accepts("AllowedNetworks", networks)
    assert len(
        Config.from_environment({"IMAGE_BUCKET": "a-bucket", "ALLOWED_NETWORKS": networks}).limits.allowed_networks
    ) == (len(networks.split(",")) if networks else 0)


@pytest.mark.parametrize(
    "networks",
    [
        "127.0.0.0/8",
        "127.0.0.1/32",
        "127.1.2.3/32",
        "127.255.255.255/32",
        "127.1/32",
        "127.0.0.1",
        "0177.0.0.1/32",
        "0x7f.0.0.1/32",
        "2130706433/32",
        "126.0.0.0/7",
        "0.0.0.0/0",
        "0.0.0.0/1",
        "0.0.0.0/8",
        "64.0.0.0/2",
        "169.254.0.0/16",
        "169.254.169.254/32",
        "168.0.0.0/7",
        "160.0.0.0/4",
        "128.0.0.0/1",
        "::/0",
        "::1/128",
        "::/127",
        "0:0:0:0:0:0:0:1/128",
        "0000::/8",
        "::ffff:127.0.0.0/104",
        "::ffff:7f00:0/104",
        "::ffff:169.254.169.254/128",
        "64:ff9b::7f00:1/128",
        "64:ff9b::/96",
        "fe80::/10",
        "fe80::1/128",
        "fe00::/7",
        "f800::/5",
        "fc::/16",
        "fd::1/128",
        "fc00::/6",
        "fd00::/0",
        "fd00::127.0.0.1/128",
        "fd00::/129",
        "10.0.0.0/7",
        "10.0.0.0/0",
        "010.0.0.0/8",
        "10.0.0.00/8",
        "10.0.0.0/08",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.0",
        "10.256.0.0/16",
        "172.16.0.0/11",
        "172.15.0.0/16",
        "172.32.0.0/16",
        "192.168.0.0/15",
        "192.169.0.0/16",
        "100.64.0.0/9",
        "100.63.0.0/16",
        "100.128.0.0/16",
        "8.8.8.0/24",
        "10.0.0.0/8,127.0.0.0/8",
        "127.0.0.0/8,10.0.0.0/8",
        "10.0.0.0/8, 127.0.0.0/8",
        " 127.0.0.0/8",
        "10.0.0.0/8,",
        ",10.0.0.0/8",
        "10.0.0.0/8\n127.0.0.0/8",
        "10.0.0.0/8\n",
        "10.0.0.0/8 ",
        "10.0.0.0/255.0.0.0",
        "fd00::%lo/64",
        "\u0661\u0660.0.0.0/8",
        "localhost",
    ],
)
def test_allowed_networks_rejects_everything_but_private_networks(networks: str) -> None:
    assert not accepts("AllowedNetworks", networks)


def test_allowed_networks_accepts_no_network_with_loopback_or_link_local_addresses() -> None:
    """Tried with all prefix lengths of addresses from the whole range."""
    forbidden = [ip_network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "::1/128", "fe80::/10")]
    starts = [f"{first}.{second}.0.0" for first in range(256) for second in (0, 16, 31, 64, 127, 168, 254)]
    starts += [f"{first:x}::" for first in range(0, 0x10000, 0x40)]
    accepted = [
        f"{start}/{length}"
        for start in starts
        for length in range(129)
        if accepts("AllowedNetworks", f"{start}/{length}")
    ]

    assert len(accepted) > 1000
    for text in accepted:
        network = ip_network(text, strict=False)
        assert not any(network.version == bad.version and network.overlaps(bad) for bad in forbidden), text


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("AllowedPorts", ["443", "80,443", "65535"], ["", "0", "65536", "443,", "80 443", "080"]),
        (
            "AllowedHosts",
            ["", "a.example", "*.cdn.example,b.example"],
            ["*", "a.*.example", "a..b", "a.example,", "a b"],
        ),
        ("ImageTypes", ["jpeg", "png,webp"], ["", "svg", "jpeg,", "jpeg png"]),
        (
            "RespectRobotsTag",
            ["", "noai", "noindex,noai,noimageai"],
            ["none", "noai,", ",noai", "noai noindex", "NOAI"],
        ),
        ("MemoryBudgetBytes", ["", "268435456"], ["0", "1.5", "-1", "lots"]),
        ("Contact", ["", "ops@a.example", "https://a.example/bot"], ["a\nb", "(a)", "é"]),
    ],
)
def test_pattern_accepts_valid_and_rejects_invalid_values(parameter: str, good: list[str], bad: list[str]) -> None:
    assert [accepts(parameter, text) for text in good] == [True] * len(good)
    assert [accepts(parameter, text) for text in bad] == [False] * len(bad)


@pytest.mark.parametrize(
    ("parameter", "good"),
    [
        ("ExistingImageBucket", ["", "abc", "my-images-123", "1-images-2", "a" * 63]),
        ("KmsKeyArn", ["", KEY, KEY.replace("aws", "aws-cn").replace("eu-central-1", "cn-north-1"),
                       KEY.replace("aws", "aws-us-gov").replace("eu-central-1", "us-gov-west-1"),
                       KEY.replace("aws", "aws-eusc").replace("eu-central-1", "eusc-de-east-1"),
                       KEY.replace(UUID, "mrk-" + UUID.replace("-", ""))]),
        ("SourceBuckets", ["", "abc", "my-photos,my.scans", "a" * 63, ",".join(["my-photos"] * 20)]),
        ("SourceKmsKeyArns", ["", KEY, f"{KEY},{KEY.replace(UUID, 'mrk-' + UUID.replace('-', ''))}"]),
        ("SubnetIds", ["", "subnet-01234567", f"{SUBNET},{SUBNET[:-1]}1", ",".join([SUBNET] * 16)]),
        ("SecurityGroupIds", ["", "sg-01234567", f"{GROUP},{GROUP[:-1]}1", ",".join([GROUP] * 5)]),
        ("PermissionsBoundaryArn", ["", f"{POLICY}/boundary", "arn:aws:iam::aws:policy/PowerUserAccess",
                                    f"{POLICY}/teams/images/b@2", "arn:aws-cn:iam::123456789012:policy/b"]),
    ],
)  # fmt: skip
def test_pattern_of_an_account_accepts_what_can_be_deployed(parameter: str, good: list[str]) -> None:
    assert [text for text in good if not accepts(parameter, text)] == []


@pytest.mark.parametrize(
    ("parameter", "bad"),
    [
        # S3 User Guide, "General purpose bucket naming rules".
        ("ExistingImageBucket", ["ab", "a" * 64, "My-images", "my_images", "-images", "images-", "images/", "images ",
                                 "s3://images", "arn:aws:s3:::images", "images\n", "bilder-ü", "xn--images",
                                 "sthree-images", "amzn-s3-demo-images", "images-s3alias", "images--ol-s3",
                                 "images--x-s3", "images--table-s3"]),
        # TLS certificates of S3 are not valid for names with dots; an inbox starts the functions that write to it.
        ("ExistingImageBucket", ["my.images", f"image-intake-inbox-{UUID}", "image-intake-inbox-1"]),
        ("KmsKeyArn", [UUID, f"key/{UUID}", "alias/images", KEY.replace(f"key/{UUID}", "alias/images"), KEY[:-1],
                       KEY + "0", KEY + " ", KEY.replace("eu-central-1", ""), KEY.replace("3456", "345"),
                       KEY.replace(UUID, "*"), KEY.replace(UUID, UUID.upper()), KEY.replace("kms", "iam")]),
        ("SourceBuckets", ["ab", "a" * 64, "My-photos", "my_photos", "-photos", "my..photos", "my-photos,",
                           ",my-photos", "my-photos, my-scans", "my-photos my-scans", "s3://my-photos", "my-photos/",
                           "*", "my-*", "arn:aws:s3:::my-photos", "my-photos@eu-west-1", "my-photos\n",
                           f"image-intake-inbox-{UUID}", f"my-photos,image-intake-inbox-{UUID}", "${AWS::StackName}"]),
        ("SourceKmsKeyArns", [UUID, "alias/photos", f"{KEY},", f"{KEY}, {KEY}", f"{KEY},*", KEY.replace(UUID, "*")]),
        ("SubnetIds", ["subnet-", "subnet-0123456", SUBNET + "0", SUBNET[:-1] + "g", f"{SUBNET}, {SUBNET}",
                       f"{SUBNET},", f",{SUBNET}", f"{SUBNET} {SUBNET}", GROUP, "vpc-01234567",
                       ",".join([SUBNET] * 17)]),
        ("SecurityGroupIds", ["sg-", "default", "sg-0123456G", f"{GROUP}, {GROUP}", f"{GROUP},", SUBNET,
                              ",".join([GROUP] * 6)]),
        ("PermissionsBoundaryArn", ["boundary", "*", f"{POLICY}/", f"{POLICY}/a b", f"{POLICY}/boundary*",
                                    POLICY.replace("policy", "role/boundary"), f"{POLICY}/" + "b" * 129,
                                    POLICY.replace("::", ":eu-central-1:") + "/b", POLICY.replace("789", "") + "/b"]),
    ],
)  # fmt: skip
def test_pattern_of_an_account_rejects_what_cannot_be_deployed(parameter: str, bad: list[str]) -> None:
    assert [text for text in bad if accepts(parameter, text)] == []


@pytest.mark.parametrize(("parameter", "name"), [("Refresh", "REFRESH"), ("KnownImages", "KNOWN_IMAGES")])
def test_choices_of_a_parameter_are_those_of_its_setting(parameter: str, name: str) -> None:
    choices: list[str] = PARAMETERS[parameter]["AllowedValues"]
    [setting] = [setting for setting in SETTINGS if setting.name == name]

    assert setting.expected == f"one of {', '.join(choices)}"
    assert len({Config.from_environment({"IMAGE_BUCKET": "a-bucket", name: text}) for text in choices}) == len(choices)
