"""The YAML finder: whole results for every form and hazard, in whole files."""

from __future__ import annotations

import sys

import pytest

from fi_bump.formats.yaml import find
from fi_bump.pins import BY_HAND, IF_IT_FOLLOWS, Found, Kind, Source, Wanted
from tests.formats import results
from tests.formats.results import REPOSITORY, URL

WANTED = results.WANTED._replace(variables=frozenset({"FLASHINFER_VERSION", "FLASHINFER_COMMIT"}))
KEY = "FLASHINFER_VERSION"
NOTE = "this file is not YAML, so fi-bump reads only its lines of the form KEY: VALUE"
OPTIONS = "the default of a list of options; add the new version to the options too"
BUILD = "pinned with a build string, which changes with the version"


def search(data: bytes) -> Found:
    return find(Source("ci/pipeline.yaml", data), WANTED)


def rows(found: Found) -> list[str]:
    return results.rows(found, versions=False)


KEYS: list[tuple[bytes, list[str]]] = [
    (b'flashinfer_version: "0.6.8"\n', ["1:22 flashinfer_version 0.6.8"]),
    (b"FLASHINFER_VERSION: 0.6.8.post1", [f"1:21 {KEY} 0.6.8.post1"]),
    (b"flashinfer-commit: 'v0.6.8'\n", ["1:22 flashinfer-commit 0.6.8"]),
    (b"flashinfer_commit: refs/tags/v0.6.8\n", ["1:31 flashinfer_commit 0.6.8"]),
    (b"FLASHINFER_VERSION: 0.6.8+cu130 # why 0.6.1\n", [f"1:21 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION: 0.6.8+cu${CUDA}\n", [f"1:21 {KEY} 0.6.8"]),
    (b'FLASHINFER_VERSION: "==0.6.8"\n', [f"1:24 {KEY} 0.6.8"]),
    (b'"FLASHINFER_VERSION" : "0.6.8"\n', [f"1:25 {KEY} 0.6.8"]),
    (b'"FLASHINFER_VER\\u0053ION": 0.6.8\nX: FLASHINFER_VERSION\n', [f"1:28 {KEY} 0.6.8"]),
    (b"env:\n  VLLM_FLASHINFER_VERSION: 0.6.8\n", ["2:28 env.VLLM_FLASHINFER_VERSION 0.6.8"]),
    (
        b"a: {b: [{flashinfer_version: 0.6.8}, {flashinfer_version: '0.6.9'}]}\n",
        ["1:30 a.b.flashinfer_version 0.6.8", "1:60 a.b.flashinfer_version (2) 0.6.9"],
    ),
    (b"FLASHINFER_VERSION: 1\n---\nFLASHINFER_VERSION: 2\n...\n", [f"1:21 {KEY} 1", f"3:21 {KEY} (2) 2"]),
    (b"FLASHINFER_VERSION: 1.10\n", [f"1:21 {KEY} 1.10"]),
    (b"FLASHINFER_VERSION: |-\n  0.6.8\n", [f"2:3 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION: >\n\n    v0.6.8\n\n", [f"3:6 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION: &v !!str # why\n  '0.6.8'\n", [f"2:4 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION:\n  0.6.8\n", [f"2:3 {KEY} 0.6.8"]),
    (b"\xef\xbb\xbfa:\r\n  FLASHINFER_VERSION:\t0.6.8\t# x\r\n  b: 1\r\n", ["2:23 a.FLASHINFER_VERSION 0.6.8"]),
    (b"\xef\xbb\xbfFLASHINFER_VERSION: 0.6.8\n\xc3\xa9: 1\n", [f"1:21 {KEY} 0.6.8"]),
    ("é: {FLASHINFER_VERSION: 0.6.8}\n".encode(), ["1:25 é.FLASHINFER_VERSION 0.6.8"]),
    (b"x: \xff\nFLASHINFER_VERSION: 0.6.8\n", [f"2:21 {KEY} 0.6.8"]),
    ('a: é\n"\\u00e9": {FLASHINFER_VERSION: 0.6.8}\n'.encode(), ["2:32 é.FLASHINFER_VERSION 0.6.8"]),
    (b"? FLASHINFER_VERSION\n: 0.6.8\n", [f"2:3 {KEY} 0.6.8"]),
    (b"? [FLASHINFER_VERSION]\n: {FLASHINFER_VERSION: 0.6.8}\n", ["2:24 ?.FLASHINFER_VERSION 0.6.8"]),
    (b"x: &v 0.6.8\ny: *v\nFLASHINFER_VERSION: *v\n", [f"1:7 {KEY} 0.6.8"]),
    (
        b"FLASHINFER_VERSION: &v 0.6.8\nA_FLASHINFER_VERSION: *v\nb: &b {}\nB_FLASHINFER_VERSION: *b\n",
        [f"1:24 {KEY} 0.6.8"],
    ),
    (b"x: &v 0.6.8\n---\nFLASHINFER_VERSION: *v\n", []),
    (b"KTRANSFORMERS_VERSION: 0.5.3\nFLASHINFER_VERSION: 0.5.3\n", [f"2:21 {KEY} 0.5.3"]),
    (b"XFLASHINFER_VERSION: 1.0\nFLASHINFER_VERSION_X: 1.0\nFLASHINFER_LOCAL_VERSION: cu130\n", []),
    (b"# FLASHINFER_VERSION: 0.6.8\nx: FLASHINFER_VERSION\n", []),
    (b"FLASHINFER_VERSION:\nA_FLASHINFER_VERSION: ''\nB_FLASHINFER_VERSION: null\nC_FLASHINFER_VERSION: ~\n", []),
    (b"FLASHINFER_VERSION: ${{ matrix.flashinfer-version }}\nA_FLASHINFER_VERSION: $FLASHINFER_VERSION\n", []),
    (b"FLASHINFER_VERSION: << parameters.v2 >>\nA_FLASHINFER_VERSION: '%V%'\nB_FLASHINFER_VERSION: $(V)\n", []),
    (b"FLASHINFER_VERSION: ${V:-0.6.8}\n", [f"1:26 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION: ${{ inputs.v || '0.6.8' }}\n", [f"1:38 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION: '{{ v | default(\"0.6.8\") }}'\n", [f"1:38 {KEY} 0.6.8"]),
    (b"FLASHINFER_VERSION: 0.6.${PATCH}\n", [f"1:21 ? {KEY}: '0.6.${{PATCH}}' is assembled from a variable"]),
    (b"FLASHINFER_VERSION: latest\n", [f"1:21 ? {KEY}: 'latest' is not a version"]),
    (b"FLASHINFER_VERSION: true\n", [f"1:21 ? {KEY}: 'true' is not a version"]),
    (b"FLASHINFER_VERSION: 0.6.*\n", [f"1:21 ? {KEY}: '0.6.*' is a wildcard, not one version"]),
    (b"flashinfer_commit: 1a2b3c4d5\n", ["1:20 ? FLASHINFER_COMMIT: a commit, not a release"]),
    (b"flashinfer_commit: " + b"1" * 40, ["1:20 ? FLASHINFER_COMMIT: a commit, not a release"]),
    (b"matrix:\n  flashinfer_version: ${{ fromJSON(inputs.flashinfer_versns) }}\n", []),
    (b'FLASHINFER_VERSION: "0.6\\x2e8"\n', [f"1:22 ? {KEY}: written with escapes"]),
    (b"FLASHINFER_VERSION: flashinfer-python==0.6.8\n", [f"1:40 {KEY}/flashinfer-python 0.6.8"]),
    (
        b"a:\n  - name: flashinfer_python\n    version: '0.6.8'\n  - {version: 0.6.8, name: flashinfer-cubin}\n  - {name: x, version: 0.6.8}\n",
        ["3:15 a.flashinfer-python 0.6.8", "4:15 a.flashinfer-cubin 0.6.8"],
    ),
    (b"- pip: {name: flashinfer-python, version: latest}\n", []),
]
NEIGHBOURS: list[tuple[bytes, list[str]]] = [
    (
        b'on:\n  workflow_dispatch:\n    inputs:\n      flashinfer_version:\n        description: "0.1"\n        default: "0.6.8"\n',
        ["6:19 on.workflow_dispatch.inputs.flashinfer_version.default 0.6.8"],
    ),
    (b"inputs: {flashinfer-version: {type: string, default: ''}}\n", []),
    (
        b"variables:\n  FLASHINFER_VERSION:\n    value: '0.6.8'\n    description: The version\n",
        ["3:13 variables.FLASHINFER_VERSION.value 0.6.8"],
    ),
    (
        b"inputs:\n  flashinfer_version:\n    default: '0.6.8'\n    options: ['0.6.8', main]\n",
        [f"3:15 ? {KEY}: {OPTIONS}"],
    ),
    (
        b"inputs:\n  flashinfer_version:\n    options: [main]\n    default: main\n",
        [f"4:14 ? {KEY}: {OPTIONS}"],
    ),
    (
        b"env:\n- name: A\n  value: 1.0\n- name: FLASHINFER_VERSION\n  value: '0.6.8'\n",
        ["5:11 env.FLASHINFER_VERSION 0.6.8"],
    ),
    (b"parameters:\n- default: '0.6.8'\n  type: string\n  name: flashinferVersion\n", []),
    (b"parameters:\n- default: '0.6.8'\n  name: flashinfer_version\n", ["2:13 parameters.flashinfer_version 0.6.8"]),
    (b"env:\n- name: FLASHINFER_VERSION\n  valueFrom: {key: 0.6.8}\n", []),
    (b"m: {flashinfer-version: ['0.6.8']}\n", ["1:27 m.flashinfer-version 0.6.8"]),
    (b"m: {flashinfer-version: ['0.6.8', '0.6.11']}\n", [f"1:27 ? {KEY}: a list of 2 values, not one version"]),
    (b"m:\n  flashinfer-version:\n  - 0.6.8\n  - '0.6.11'\n", [f"3:5 ? {KEY}: a list of 2 values, not one version"]),
    (
        b"matrix:\n  include:\n  - flashinfer_version: 0.6.8\n  - flashinfer_version: 0.6.11\n  - flashinfer_version: 0.6.8\n",
        [f"{line}:25 ? {KEY}: one of 2 values of a matrix, not one version" + IF_IT_FOLLOWS for line in (3, 4, 5)],
    ),
    (
        b"matrix:\n  include:\n  - flashinfer_version: 0.6.8\n  - flashinfer_version: 0.6.8\n",
        ["3:25 matrix.include.flashinfer_version 0.6.8", "4:25 matrix.include.flashinfer_version (2) 0.6.8"],
    ),
    (b"x: &v '0.6.8'\nflashinfer_version: [*v]\n", ["1:8 flashinfer_version 0.6.8"]),
    (b"packages:\n  flashinfer-python: 0.6.8\n", ["2:22 packages.flashinfer-python 0.6.8"]),
    (b"packages: {FlashInfer_Python: '==0.6.8', flashinfer-cubin: true}\n", ["1:34 packages.FlashInfer_Python 0.6.8"]),
    (b"packages: {flashinfer-python: '>=0.6, <1'}\n", ["1:32 ~ flashinfer-python>=0.6,<1"]),
    (b'packages: {flashinfer-python: "\\x30.6.8"}\n', []),
    (b"packages: {flashinfer-python: 2, flashinfer-cubin: '${V}'}\n", []),
    (b"flashinfer-python: {version: 0.6.8, channel: '1.0'}\n", ["1:30 flashinfer-python.version 0.6.8"]),
    (b"flashinfer_version: {version: 0.6.8}\n", []),
    (b"flashinfer-python: [0.6.8, 0.6.9]\n", ["1:21 ? flashinfer-python: a list of 2 values, not one version"]),
    (b"flashinfer-python: [test, build]\n", []),
    (
        b"with:\n  repository: flashinfer-ai/flashinfer\n  ref: v0.6.8\n",
        ["3:9 with.ref 0.6.8"],
    ),
    (b"- rev: v0.6.8\n  repo: " + URL + b"\n- rev: v0.6.8\n  repo: https://github.com/o/r\n", ["1:9 rev 0.6.8"]),
    (
        b"with: {repository: flashinfer-ai/flashinfer, ref: main}\n",
        [f"1:51 ? {REPOSITORY}: 'main' is not a release tag"],
    ),
    (b"with: {repository: flashinfer-ai/flashinfer, ref: '${{ inputs.ref }}'}\n", []),
]
REQUIREMENTS: list[tuple[bytes, list[str]]] = [
    (b"- flashinfer-python==0.6.8\n", ["1:22 flashinfer-python 0.6.8"]),
    (
        b"dependencies:\n  - python=3.12\n  - pip:\n      - flashinfer_python[cu13]==0.6.8; python_version<'3.13'\n      - torchcodec==0.6.8\n",
        ["4:34 dependencies.pip/flashinfer-python 0.6.8"],
    ),
    (b"dependencies:\n- flashinfer-python=0.6.8\n", ["2:21 dependencies/flashinfer-python 0.6.8"]),
    (b"dependencies:\n- conda-forge::flashinfer-python = 0.6.8\n", ["2:36 dependencies/flashinfer-python 0.6.8"]),
    (b"dependencies:\n- flashinfer-python 0.6.8\n", ["2:21 dependencies/flashinfer-python 0.6.8"]),
    (b"dependencies:\n- flashinfer-python=0.6.8=py312_0\n", [f"2:21 ? flashinfer-python: {BUILD}"]),
    (
        b"dependencies:\n- flashinfer-python=0.6.*\n",
        ["2:21 ? flashinfer-python: '0.6.*' is a wildcard, not one version"],
    ),
    (b"dependencies:\n- flashinfer-python=0.6.*=py3\n", [f"2:21 ? flashinfer-python: {BUILD}"]),
    (
        b"dependencies:\n- flashinfer-python >0.6\n- 'flashinfer-cubin>=0.6,<0.8'\n",
        ["2:21 ~ flashinfer-python>0.6", "3:20 ~ flashinfer-cubin>=0.6,<0.8"],
    ),
    (b"- flashinfer-python\n- flashinfer-python-extra==1.0\n- x-flashinfer-python==1.0\n", []),
    (b"- flashinfer-python==0.6.*\n", ["1:22 ? flashinfer-python: a wildcard, not one version"]),
    (b"- flashinfer-python==${{ matrix.v }}\n- flashinfer-cubin==$V\n- flashinfer-cubin==${V}\n", []),
    (b"pip: {name: flashinfer-python==0.6.8}\n", ["1:32 pip.name/flashinfer-python 0.6.8"]),
    (b"name: Install flashinfer-python==0.6.8 first\ndescription: flashinfer-python==0.6.8\n", []),
    (b"args:\n  - FLASHINFER_VERSION=0.6.8\n  - OTHER_VERSION=0.6.8\n", ["2:24 args/FLASHINFER_VERSION 0.6.8"]),
    (b"- FLASHINFER_VERSION\n- FLASHINFER_VERSION=\n- FLASHINFER_VERSION=$V\n", []),
    (
        b"build-args: |\n  A=1\n  FLASHINFER_VERSION=0.6.8\n  B_FLASHINFER_VERSION=0.6.9\n",
        ["3:22 build-args/FLASHINFER_VERSION 0.6.8", "4:24 build-args/B_FLASHINFER_VERSION 0.6.9"],
    ),
    (
        b"deps: flashinfer-python==0.6.8, flashinfer-cubin==0.6.9\n",
        ["1:26 deps/flashinfer-python 0.6.8", "1:51 deps/flashinfer-cubin 0.6.9"],
    ),
    (
        b"data:\n  values.yaml: |\n    FLASHINFER_VERSION: '0.6.8'\n    - flashinfer_version: v0.6.9 # c\n    X: 0.6.8\n"
        b"    FLASHINFER_VERSION: 0.6.8 or later\n    FLASHINFER_VERSION: 3\n",
        ["3:26 data.values.yaml/FLASHINFER_VERSION 0.6.8", "4:28 data.values.yaml/flashinfer_version 0.6.9"],
    ),
    (b"plan: flashinfer-python-0.6.8-x\nFLASHINFER: x\n", []),
]
SCRIPTS: list[tuple[bytes, list[str]]] = [
    (
        b"- run: |\n    # flashinfer-python==0.5\n    pip install 'flashinfer-python==0.6.8' # flashinfer-cubin==0.5\n",
        ["3:37 run/flashinfer-python 0.6.8"],
    ),
    (b"- run: echo '# no comment' && pip install flashinfer-python==0.6.8\n", ["1:62 run/flashinfer-python 0.6.8"]),
    (b'- run: "echo \\"a\\" # x flashinfer-python==0.5"\n', []),
    (b'- run: "pip install \\"flashinfer-python==0.6.8\\""\n', ["1:42 run/flashinfer-python 0.6.8"]),
    (
        b"- run: pip install\n    flashinfer-python==0.6.8\n    flashinfer-cubin==0.6.8\n",
        ["2:24 run/flashinfer-python 0.6.8", "3:23 run/flashinfer-cubin 0.6.8"],
    ),
    (b"- run: >-\n    pip install\n    flashinfer-jit-cache==0.6.8+cu130\n", ["3:27 run/flashinfer-jit-cache 0.6.8"]),
    (
        b"commands:\r\n- pip install -U flashinfer-cubin==0.6.8.post1\r\n",
        ["2:36 commands/flashinfer-cubin 0.6.8.post1"],
    ),
    (
        b"commands: [bash, -c, 'pip install flashinfer-python>=0.6 && pip show flashinfer-python > 0.txt']\n",
        ["1:52 ~ flashinfer-python>=0.6"],
    ),
    (b"script: use flashinfer-python==0.6.8.\n", ["1:32 script/flashinfer-python 0.6.8"]),
    (
        b'run: |\n  echo "FLASHINFER_VERSION=0.6.8" >> $GITHUB_ENV\n  V=${FLASHINFER_VERSION:-0.6.9}\n',
        ["2:28 run/FLASHINFER_VERSION 0.6.8", "3:27 run/FLASHINFER_VERSION (2) 0.6.9"],
    ),
    (b"command: docker build --build-arg FLASHINFER_VERSION=0.6.8 .\n", ["1:54 command/FLASHINFER_VERSION 0.6.8"]),
    (
        b"run: test $FLASHINFER_VERSION == 0.6.8 || FLASHINFER_VERSION==0.6.8\n",
        [
            "1:34 ? FLASHINFER_VERSION: compared in a one-liner: update it by hand, or record it with fi-bump site add",
            "1:63 ? FLASHINFER_VERSION: compared in a one-liner: update it by hand, or record it with fi-bump site add",
        ],
    ),
    (
        b"run: |\n  URL=" + URL + b"\n  git clone $URL fi\n  git -C fi fetch origin tag v0.6.8\n",
        [f"4:31 run/git fetch {REPOSITORY} 0.6.8"],
    ),
    (
        b"guide: |\n  Don't:\n  ```bash\n  # kit: flashinfer-python==0.6.8\n  pip install flashinfer-python==0.6.8\n  ```\n",
        [],
    ),
    (
        b"- git clone " + URL + b"\n- cd other\n- git checkout v2.0\n",
        [f"1:13 ? {REPOSITORY}: cloned without a release"],
    ),
    (
        b"run: pip install https://example.org/whl/flashinfer_cubin-0.6.8-py3-none-any.whl\n",
        ["1:59 run/url flashinfer-cubin 0.6.8"],
    ),
    (
        b"image: example.org:5000/kit/runner:cu130-flashinfer-v0.6.8\n",
        [f"1:54 ? {REPOSITORY}: part of an image tag: publish the new image first, then " + BY_HAND],
    ),
    (
        b"image: kit/flashinfer:0.6.8@sha256:00\n",
        [f"1:23 ? {REPOSITORY}: part of an image tag: publish the new image first"],
    ),
    (b"a: https://example.org/kit:flashinfer-0.6.8\nb: flashinfer:0.6.8\nc: x/flashinfer-0.6.8\n", []),
    (
        b"run: |\n  git clone --depth 1 -b v0.6.8 \\\n    " + URL + b" fi\n",
        [f"2:27 run/git clone {REPOSITORY} 0.6.8"],
    ),
    (b"run: git clone --branch='v0.6.8' " + URL + b"\n", [f"1:27 run/git clone {REPOSITORY} 0.6.8"]),
    (b"run: git -c a=b clone " + URL + b" --branch=v0.6.8\n", [f"1:81 run/git clone {REPOSITORY} 0.6.8"]),
    (b"run: git clone --branch v0.6.8 https://github.com/o/flashinfer-ai/flashinfer\n", []),
    (
        b"script:\n- git clone " + URL + b"\n- cd flashinfer\n- git checkout v0.6.8\n",
        [f"4:17 script/git checkout {REPOSITORY} 0.6.8"],
    ),
    (
        b"script:\n- git clone " + URL + b" fi\n- git -C other checkout v1.0\n- git -C /x/fi checkout -q v0.6.8\n",
        [f"4:29 script/git checkout {REPOSITORY} 0.6.8"],
    ),
    (
        b"script:\n- git clone " + URL + b"\n- cd other && git checkout v1.0\n- git checkout .\n",
        [f"2:13 ? {REPOSITORY}: cloned without a release"],
    ),
    (
        b"script:\n- git clone " + URL + b" $D\n- cd $D && cd - && git switch v0.6.8\n",
        [f"3:32 script/git checkout {REPOSITORY} 0.6.8"],
    ),
    (
        b"a:\n- git clone " + URL + b"\nb:\n- git checkout v0.6.8\n",
        [f"2:13 ? {REPOSITORY}: cloned without a release"],
    ),
    (
        b"run: |\n  git clone "
        + URL
        + b"\n  git clone https://github.com/o/r\n  git checkout v1.0\n  git clone\n  git\n  cd \n",
        [f"2:13 ? {REPOSITORY}: cloned without a release"],
    ),
    (b"run: git clone -b main " + URL + b"\n", [f"1:19 ? {REPOSITORY}: not a release tag"]),
    (b"run: git clone " + URL + b" -b\n", [f"1:16 ? {REPOSITORY}: cloned without a release"]),
    (b"run: pip install git+" + URL + b"@v0.6.8#egg=x\n", [f"1:71 run/git+{REPOSITORY} 0.6.8"]),
    (b"run: pip install git+" + URL + b"\n", [f"1:22 ? {REPOSITORY}: installed without a release"]),
    (b"run: 'pip install git+https://github.com/o/r@v1 x/flashinfer-ai/flashinfer'\n", []),
    (
        b"run: |\n  git clone " + URL + b"\n  git fetch --tags\n  git checkout -b work v0.6.8\n",
        [f"4:25 run/git checkout {REPOSITORY} 0.6.8"],
    ),
    (b"run: pip install flashinfer-python>=$V\n", []),
    (
        b"run: git clone " + URL + b" && git checkout . && git checkout -- x\n",
        [f"1:16 ? {REPOSITORY}: cloned without a release"],
    ),
]
TEMPLATES: list[tuple[bytes, list[str]]] = [
    (
        b"{% if x %}\nFLASHINFER_VERSION: '0.6.8' # why\n  - a-flashinfer-version:\t0.6.9\r\n{% endif %}\n",
        [f"2:22 {KEY} 0.6.8", "3:27 a-flashinfer-version 0.6.9", f"1:2 ? {KEY}: {NOTE}"],
    ),
    (b"{% if x %}\nsteps: flashinfer-python\n", []),
    (b"{% if x %}\nFLASHINFER_VERSION: 0.6.8 # c\n", [f"2:21 {KEY} 0.6.8"]),
    (b"{% if x %}\n\tFLASHINFER_VERSION: 'v0.6.8'\r\n", [f"2:24 {KEY} 0.6.8", f"1:2 ? {KEY}: {NOTE}"]),
    (b"{% x %}\nFLASHINFER_VERSION: 6\n", [f"2:21 {KEY} 6"]),
    (b"{% x %}\nFLASHINFER_VERSION: [0.6.8]\n", [f"2:22 {KEY} 0.6.8"]),
    (b'{% x %}\nFLASHINFER_VERSION: "\\11"\nB: 0.6\n', [f"2:21 ? {KEY}: written with escapes"]),
    (b"{% x %}\nFLASHINFER_VERSION: {a: 0.6.8}\n", [f"1:2 ? {KEY}: {NOTE}"]),
    (b"{% x %}\nFLASHINFER_VERSION: {{ v }}\nflashinfer-python: {{ v }}\n", []),
    (b"{% x %}\nFLASHINFER_VERSION: {{ v | default('0.6.8') }}\n", [f"2:37 {KEY} 0.6.8", f"1:2 ? {KEY}: {NOTE}"]),
    (b"{% x %}\n- pip install flashinfer-python==0.6.8\n", ["2:34 flashinfer-python 0.6.8"]),
    # Helm's actions in lines and between lines.
    (
        b"a:\n  {{- if .x }}\n  env: {{ .v }}\n  run: pip install flashinfer-cubin==0.6.8\n  {{- end }}\n",
        ["4:38 a.run/flashinfer-cubin 0.6.8"],
    ),
    (
        b"{{/* one\n of two lines */}}\n- name: FLASHINFER_VERSION\n  value: '0.6.8'\n",
        [f"4:11 {KEY} 0.6.8"],
    ),
    (b"a: [{{ .x }}]\nFLASHINFER_VERSION: {{ .v }}\n", []),
    (b"{% x %}\n# pip install flashinfer-python==0.6.8\n", []),
    (
        b"{% x %}\n- git clone -b v0.6.8 " + URL + b"\n- o/flashinfer-ai/flashinfer 1.0",
        [f"2:17 git clone {REPOSITORY} 0.6.8"],
    ),
    (b"a: [\nFLASHINFER_VERSION: 0.6.8", [f"2:21 {KEY} 0.6.8", f"2:25 ? {KEY}: {NOTE}"]),
    (b"FLASHINFER_VERSION: 0.6.8\nb: \x01\n", [f"1:21 {KEY} 0.6.8", f"2:4 ? {KEY}: {NOTE}"]),
    (b"{% x %}\nFLASHINFER_VERSION: 0.6.8" + b" " * 400 + b"\n", [f"2:21 {KEY} 0.6.8"]),
    (b"[" * 501 + b"\nFLASHINFER_VERSION: 0.6.8\n", [f"2:21 {KEY} 0.6.8", f"1:501 ? {KEY}: {NOTE}"]),
]


@pytest.mark.parametrize(("data", "expected"), KEYS + NEIGHBOURS + REQUIREMENTS + SCRIPTS + TEMPLATES)
def test_results(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


def test_kinds_and_subjects() -> None:
    found = search(
        b"FLASHINFER_VERSION: 1.0\nflashinfer-cubin: 1.0\nwith: {ref: v1.0, repository: flashinfer-ai/flashinfer}\n"
        b"run: |\n  A_FLASHINFER_VERSION=1.0 pip install FlashInfer.Python==1.0 git+" + URL + b"@v1.0\n"
        b"  git clone -b v1.0 " + URL + b"\n  git checkout v1.0\n"
    )
    assert [(pin.kind, pin.subject) for pin in found.pins] == [
        (Kind.VARIABLE, "FLASHINFER_VERSION"),
        (Kind.REQUIREMENT, "flashinfer-cubin"),
        (Kind.GIT_REF, REPOSITORY),
        (Kind.VARIABLE, "FLASHINFER_VERSION"),
        (Kind.REQUIREMENT, "flashinfer-python"),
        (Kind.GIT_REF, REPOSITORY),
        (Kind.GIT_REF, REPOSITORY),
        (Kind.GIT_REF, REPOSITORY),
    ]


def test_only_what_is_wanted() -> None:
    data = b"FLASHINFER_VERSION: 1.0\nrun: pip install flashinfer-python==1.0 && git clone -b v1.0 " + URL + b"\n"
    for wanted, anchors in [
        (Wanted(frozenset(), frozenset(), frozenset()), []),
        (WANTED._replace(packages=frozenset(), variables=frozenset()), [f"run/git clone {REPOSITORY}"]),
        (WANTED._replace(packages=frozenset(), repositories=frozenset()), ["FLASHINFER_VERSION"]),
        (WANTED._replace(variables=frozenset(), repositories=frozenset()), ["run/flashinfer-python"]),
    ]:
        assert [pin.anchor for pin in find(Source("a.yml", data), wanted).pins] == anchors


def test_a_file_that_names_nothing_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fi_bump.formats.yaml_events", None)
    assert search(b"VLLM_ATTENTION_BACKEND: FLASHINFER\n  # FLASHINFER_VERSION: 0.6.8\n#flashinfer-python\n") == Found(
        ()
    )


def test_a_report_covers_all_that_it_is_about() -> None:
    found = search(
        b"- flashinfer-python=0.6.8=py3\n- flashinfer-version: ['0.6.8', \"0.6.9\"]\n- b: 'flashinfer-cubin >= 0.6, <1'\n"
    )
    assert [item.source.text(item.span) for item in found.unpinned] == ["0.6.8=py3", "0.6.8', \"0.6.9"]
    assert [item.source.text(item.span) for item in found.floors] == [">= 0.6, <1"]


def test_a_huge_file_is_read_by_lines() -> None:
    data = b"a:\n  FLASHINFER_VERSION: 0.6.8\n  run: pip install flashinfer-python==0.6.8\n" + b"# x\n" * (1 << 20)
    assert rows(search(data)) == [
        "2:23 FLASHINFER_VERSION 0.6.8",
        "1:1 ? FLASHINFER_VERSION: this file is larger than 4 MiB, so fi-bump reads only its lines of the form KEY: VALUE",
    ]
