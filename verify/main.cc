// ordeal-verify HISTORY CERTIFICATE: see verify.h, also for the exit codes.

#include <fstream>
#include <iostream>

#include "verify/verify.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: ordeal-verify HISTORY CERTIFICATE\n";
    return 3;
  }
  std::ifstream history(argv[1], std::ios::binary);
  std::ifstream certificate(argv[2], std::ios::binary);
  for (const int i : {1, 2}) {
    if (i == 1 ? history.good() : certificate.good()) continue;
    std::cerr << "ordeal-verify: " << argv[i] << ": cannot be opened\n";
    return 3;
  }
  return verify(history, certificate, std::cout, std::cerr);
}
