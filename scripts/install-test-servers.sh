#!/bin/sh
# Installs the programs of others that the tests run against, from Debian's packages.
# Does nothing where all are there; says what is missing where it may not install (not Debian, or not root).
set -eu

# pymodbus only recommends what its servers import: python3-serial-asyncio.
packages='mosquitto influxdb chromium python3-pymodbus python3-serial-asyncio mbpoll socat fonts-wqy-microhei python3-openpyxl python3-aiosmtpd poppler-utils'
missing=''
for package in $packages; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed, because this is no Debian:$missing"
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Not installed, because this is not root:$missing"
  echo "Once, as root: apt-get install --no-install-recommends$missing"
  exit 0
fi

echo "Installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
# The tests start their own servers on free ports: keep the packages from starting theirs.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
