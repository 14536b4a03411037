#include "adapters/map/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

using adapters::map::disk;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "causeway-files-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

}  // namespace

TEST_CASE("a regular file is read whole; one that is too large is not", "[files]") {
  const Folder folder;
  std::ofstream(folder.path / "a.yaml") << "12345";
  CHECK(disk().read(folder.path / "a.yaml", 5) == "12345");
  CHECK(disk().read(folder.path / "a.yaml", 4) == std::nullopt);
  CHECK(disk().read(folder.path / "b.yaml", 5) == std::nullopt);
  CHECK(disk().read(folder.path, 5) == std::nullopt);
}

TEST_CASE("a pipe without a writer, and a device, are refused at once", "[files]") {
  const Folder folder;
  REQUIRE(::mkfifo((folder.path / "routes.yaml").c_str(), 0600) == 0);
  CHECK(disk().read(folder.path / "routes.yaml", 1000) == std::nullopt);
  CHECK_FALSE(disk().is_file(folder.path / "routes.yaml"));
  CHECK(disk().read("/dev/zero", 1000) == std::nullopt);
}

TEST_CASE("a folder's files come sorted, by their ending", "[files]") {
  const Folder folder;
  for (const char* name : {"b.csv", "a.csv", "c.txt"}) std::ofstream(folder.path / name) << "x";
  CHECK(disk().list(folder.path, ".csv") == std::vector<fs::path>{folder.path / "a.csv", folder.path / "b.csv"});
  CHECK(disk().list(folder.path / "none", ".csv").empty());
}
