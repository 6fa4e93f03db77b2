// bench-put: our put rate against etcd's, interleaved, with the disk's own rate beside both.

#include "bench/put/cluster.h"
#include "bench/put/load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <vector>

namespace ordeal::bench {
namespace {

struct Options {
  std::uint32_t rounds = 5;
  std::uint32_t connections = 64;
  std::uint32_t value_size = 100;
  std::uint32_t seconds = 5;
  std::string directory = "build/bench/data";
};

/// One system, one row of the table.
struct Row {
  std::string name;
  std::function<Measured(const Load&)> put;
  std::uint16_t port = 0;
  std::vector<double> rates;
  std::vector<double> p50_ms;
  std::vector<double> p99_ms;
  std::uint64_t errors = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0.0 : values[values.size() / 2];
}

double quantile_ms(std::vector<Duration>& sorted, double q) {
  if (sorted.empty()) return 0.0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at].ns()) / 1e6;
}

/// fdatasync calls a second after appends of 256 bytes, over half a second.
double fdatasync_rate(const std::string& directory) {
  const std::string path = directory + "/fdatasync.probe";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return 0.0;
  const std::array<char, 256> record{};
  const MonotonicTime begin = monotonic_now();
  std::uint64_t count = 0;
  while (monotonic_now() - begin < milliseconds(500)) {
    if (write(file, record.data(), record.size()) < 0 || fdatasync(file) != 0) break;
    ++count;
  }
  const Duration elapsed = monotonic_now() - begin;
  close(file);
  std::filesystem::remove(path);
  return static_cast<double>(count) / elapsed.seconds();
}

void measure(Row& row, const Options& options) {
  Load load{.host = "127.0.0.1",
            .port = row.port,
            .connections = options.connections,
            .value_size = options.value_size,
            .length = seconds(1)};
  static_cast<void>(row.put(load));  // warm-up
  load.length = seconds(options.seconds);
  Measured measured = row.put(load);
  std::sort(measured.latencies.begin(), measured.latencies.end());
  row.rates.push_back(measured.rate());
  row.p50_ms.push_back(quantile_ms(measured.latencies, 0.50));
  row.p99_ms.push_back(quantile_ms(measured.latencies, 0.99));
  row.errors += measured.errors;
  fmt::print("  {:<22} {:>8.0f}/s  p50 {:>6.2f} ms  p99 {:>6.2f} ms  errors {}\n", row.name, row.rates.back(),
             row.p50_ms.back(), row.p99_ms.back(), measured.errors);
  std::fflush(stdout);
}

void print_table(const std::vector<Row>& rows, const std::vector<double>& disk) {
  fmt::print("\nmedian of {} interleaved rounds (fdatasync {:.0f}/s)\n", disk.size(), median(disk));
  fmt::print("{:<24} {:>10} {:>10} {:>10} {:>8} {:>14}\n", "", "puts/s", "p50 ms", "p99 ms", "errors",
             "x fdatasync");
  for (const Row& row : rows) {
    fmt::print("{:<24} {:>10.0f} {:>10.2f} {:>10.2f} {:>8} {:>14.2f}\n", row.name, median(row.rates),
               median(row.p50_ms), median(row.p99_ms), row.errors, median(row.rates) / median(disk));
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < disk.size(); ++round)
      ratios.push_back(rows[0].rates[round] / rows[i].rates[round]);
    fmt::print("ordeal / {}: {:.2f}x in rate, {:.2f}x in p99\n", rows[i].name, median(ratios),
               median(rows[0].p99_ms) / median(rows[i].p99_ms));
  }
}

int run(const Options& options) {
  std::filesystem::create_directories(options.directory);
  auto ordeal = Cluster::start_ordeal(options.directory + "/ordeal");
  if (!ordeal.ok()) return fmt::print(stderr, "{}\n", ordeal.error().message), 255;
  auto etcd = Cluster::start_etcd(options.directory + "/etcd");
  if (!etcd.ok()) return fmt::print(stderr, "{}\n", etcd.error().message), 255;
  std::vector<Row> rows(3);
  rows[0].name = "ordeal, HTTP";
  rows[0].put = put_by_ordeal;
  rows[0].port = ordeal->leader_port();
  rows[1].name = "etcd, gRPC";
  rows[1].put = put_by_grpc;
  rows[2].name = "etcd, JSON gateway";
  rows[2].put = put_by_gateway;
  rows[1].port = rows[2].port = etcd->leader_port();
  std::vector<double> disk;
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    disk.push_back(fdatasync_rate(options.directory));
    fmt::print("round {} of {}, fdatasync {:.0f}/s\n", round + 1, options.rounds, disk.back());
    for (Row& row : rows) measure(row, options);
  }
  print_table(rows, disk);
  return 0;
}

}  // namespace
}  // namespace ordeal::bench

int main(int argc, char** argv) {
  ordeal::bench::Options options;
  CLI::App app("Puts on three nodes: ordeal-node against etcd");
  app.add_option("--rounds", options.rounds, "interleaved rounds")->check(CLI::Range(1, 100));
  app.add_option("--connections", options.connections, "clients, one connection each")
      ->check(CLI::Range(1, 1000));
  app.add_option("--value-size", options.value_size, "bytes")->check(CLI::Range(1, 1'000'000));
  app.add_option("--seconds", options.seconds, "length of a round for each system")
      ->check(CLI::Range(1, 600));
  app.add_option("--data", options.directory, "where both keep their data");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 254;
  }
  return ordeal::bench::run(options);
}
