#!/usr/bin/env bash
# Checks JUnit documents against the XML schema that is given, with Python's xmlschema:
#   scripts/junit-schema.sh junit-10.xsd
# The schema is `junit-10.xsd` of Jenkins' xUnit plugin.
set -euo pipefail
schema=$(realpath -- "${1:?name the file of the schema}")
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
WT_ORCH_WRITE_JUNIT=$folder cargo test --quiet --test it junit::
python3 - "$schema" "$folder"/*.xml <<'PYTHON'
import sys
import xmlschema

schema = xmlschema.XMLSchema(sys.argv[1])
for path in sys.argv[2:]:
    schema.validate(path)
    print("valid:", path.rsplit("/", 1)[1])
PYTHON
