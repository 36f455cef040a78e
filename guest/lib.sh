# What the cases share. Sourced, with guest/ as the current folder.
set -u
modemedic=../build/release/modemedic
new_package=../build/guest/new
qdl_package=../build/guest/qdl
new_revision=EG25GGBR07A08M2G_30.006.30.006

failed() {
  echo "FAILED: $*"
  exit 1
}

# until_true SECONDS WHAT COMMAND…: waits until the command succeeds.
until_true() {
  local left=$(($1 * 20)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $((left--)) -gt 0 ] || failed "waited in vain until $what"
    sleep 0.05
  done
}

# serve PERSONA[:MODE]… [OPTION…]: virtual modems on this machine's USB, until the case ends.
serve() {
  "$modemedic" virtual serve --vhci --listen 127.0.0.1:0 "$@" >/run/serve.log 2>&1 &
  server=$!
  trap 'stop_serving' EXIT
  until_true 30 "the virtual modem is there" grep -q ^listening /run/serve.log
}

stop_serving() {
  kill "$server" 2>/dev/null
  wait "$server" 2>/dev/null
  until_true 10 "the virtual modem is gone" no_modem_on_usb
}

no_modem_on_usb() { ! ls /sys/bus/usb/devices | grep -qE '^1-[0-9]+$'; }

# The kernel driver of an interface: driver_of 1-1 2
driver_of() { basename "$(readlink "/sys/bus/usb/devices/$1:1.$2/driver")"; }

driver_is() { [ "$(driver_of "$1" "$2")" = "$3" ]; }

# Everything that option and qmi_wwan make of a running module is there.
wait_for_ports() {
  local port=$1 interface
  for interface in 0 1 2 3; do
    until_true 20 "option has interface $interface" driver_is "$port" "$interface" option
  done
  until_true 20 "qmi_wwan has interface 4" driver_is "$port" 4 qmi_wwan
}

# run EXPECTED-EXIT COMMAND…: its output goes to /run/out, and to the case's log.
run() {
  local expected=$1 status
  shift
  echo "\$ $*"
  "$@" >/run/out 2>&1
  status=$?
  cat /run/out
  [ $status -eq "$expected" ] || failed "exit $status, not $expected: $*"
}

says() { grep -qF -- "$1" /run/out || failed "it didn't say: $1"; }
