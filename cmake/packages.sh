# Sourced by ./run and ./test: installs the Debian packages that are missing, by name, and says so. Works as root and as
# an ordinary user with sudo; installs nothing, and needs no right, when everything is there.

ORDEAL_BUILD_PACKAGES=(
  g++ cmake ninja-build
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev # never the unversioned names: those are 1.74
  librocksdb-dev libcurl4-openssl-dev libyaml-cpp-dev libfmt-dev libspdlog-dev prometheus-cpp-dev libcli11-dev zlib1g-dev
)
ORDEAL_RUN_PACKAGES=(iproute2 iptables)
ORDEAL_TEST_PACKAGES=(libgtest-dev libgmock-dev libbenchmark-dev procps chromium-headless-shell)

ordeal_say() { printf '%s\n' "ordeal: $*" >&2; }

# ordeal_as_root COMMAND...: runs it with the rights that installing needs.
ordeal_as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    ordeal_say "installing packages needs root: run this once as root, or install sudo"
    return 1
  fi
}

# ordeal_install PACKAGE...: makes sure that all are installed.
ordeal_install() {
  command -v dpkg-query >/dev/null || {
    ordeal_say "this is not a Debian system; install the equivalents of: $*"
    return 1
  }
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  ordeal_say "installing ${missing[*]}"
  # --no-remove: Boost 1.74 and 1.81 development packages exclude each other, and apt would remove the other silently.
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --no-remove)
  local log
  log=$(mktemp)
  if ! ordeal_as_root "${install[@]}" "${missing[@]}" >"$log" 2>&1; then
    # Package lists may be missing or old on a fresh machine.
    if ! { ordeal_as_root apt-get update -q && ordeal_as_root "${install[@]}" "${missing[@]}"; } >"$log" 2>&1; then
      tail -n 15 "$log" >&2
      rm -f "$log"
      ordeal_say "apt-get could not install ${missing[*]}; the lines above say why"
      return 1
    fi
  fi
  rm -f "$log"
}

# ordeal_check_boost: stops when another Boost than 1.81 is what the compiler would find.
ordeal_check_boost() {
  local version
  version=$(sed -n 's/^#define BOOST_LIB_VERSION "\(.*\)"/\1/p' /usr/include/boost/version.hpp 2>/dev/null)
  [ "$version" = 1_81 ] && return 0
  ordeal_say "the installed Boost headers are ${version:-missing}, 1_81 is needed: apt-get install libboost1.81-dev"
  return 1
}

# ordeal_build PRESET [TARGET...]: configures and builds quietly; the log is shown when it fails.
ordeal_build() {
  local preset=$1 log
  shift
  mkdir -p "build/$preset"
  log=build/$preset/build.log
  if ! { cmake --preset "$preset" && cmake --build "build/$preset" -j "$(ordeal_jobs)" ${@:+--target "$@"}; } >"$log" 2>&1; then
    grep -E 'error|Error|FAILED' "$log" | head -n 40 >&2
    tail -n 20 "$log" >&2
    ordeal_say "the build failed; all of it is in $log"
    return 1
  fi
}

ordeal_jobs() {
  local jobs
  jobs=$(nproc 2>/dev/null || echo 1)
  [ "$jobs" -gt 2 ] && jobs=$((jobs / 2)) # Beast needs close to 1 GB a compiler
  echo "$jobs"
}
