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

# until_true WHAT COMMAND…: waits until the command succeeds. So long that only what never comes is missed, on a slow
# and busy machine too.
until_true() {
  local end=$((SECONDS + 90)) what=$1
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || failed "waited in vain until $what"
    pause
  done
}

# 50 ms without another program: starting one is what an emulated processor is slowest at.
[ -p /run/never ] || mkfifo /run/never
exec {never}<>/run/never
pause() { read -r -t 0.05 -u "$never" || true; }

# in_file TEXT FILE
in_file() { [[ "$(<"$2")" == *"$1"* ]]; }

# serve PERSONA[:MODE]… [OPTION…]: virtual modems on this machine's USB, until the case ends.
serve() {
  "$modemedic" virtual serve --vhci --listen 127.0.0.1:0 "$@" >/run/serve.log 2>&1 &
  server=$!
  trap 'stop_serving' EXIT
  until_true "the virtual modem is there" in_file listening /run/serve.log
}

stop_serving() {
  kill "$server" 2>/dev/null
  wait "$server" 2>/dev/null
  until_true "the virtual modem is gone" no_modem_on_usb
}

no_modem_on_usb() { ! compgen -G '/sys/bus/usb/devices/1-[1-9]'; }

# The kernel driver of an interface: driver_of 1-1 2
driver_of() { basename "$(readlink "/sys/bus/usb/devices/$1:1.$2/driver")"; }

driver_is() { [ "/sys/bus/usb/devices/$1:1.$2/driver" -ef "/sys/bus/usb/drivers/$3" ]; }

# Everything that option and qmi_wwan make of a running module is there.
wait_for_ports() {
  local port=$1 interface
  for interface in 0 1 2 3; do
    until_true "option has interface $interface" driver_is "$port" "$interface" option
  done
  until_true "qmi_wwan has interface 4" driver_is "$port" 4 qmi_wwan
}

# hold NODE: a program that has it open; sets $holder.
hold() {
  sleep 1000 <>"$1" &
  holder=$!
  until_true "a sleep has $1 open" holds "$holder" "$1"
}

holds() { [ "$(<"/proc/$1/comm")" = sleep ] && [ "/proc/$1/fd/0" -ef "$2" ]; }

let_go() {
  kill $holder
  wait $holder 2>/dev/null
}

# start OUT COMMAND…: runs it beside; sets $started. OUT is empty when this returns: nothing old is in it.
start() {
  local out=$1
  shift
  : >"$out"
  "$@" >>"$out" 2>&1 &
  started=$!
}

# run EXPECTED-EXIT COMMAND…: its output goes to /run/out, and to the case's log.
run() {
  local expected=$1 status
  shift
  echo "\$ $*"
  "$@" >/run/out 2>&1
  status=$?
  echo "$(</run/out)"
  [ $status -eq "$expected" ] || failed "exit $status, not $expected: $*"
}

says() { in_file "$1" /run/out || failed "it didn't say: $1"; }
