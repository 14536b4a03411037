#include "tests/gateway/config/site_copy.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>

namespace gateway::config::test {

namespace fs = std::filesystem;

namespace {

/// A map that only says which way it leads and what it takes; its file's first line may say otherwise.
class StandIn final : public adapters::map::Map {
 public:
  StandIn(std::string name, bool to_fhir, std::string refuses, bool rows)
      : name_(std::move(name)), refuses_(std::move(refuses)), to_fhir_(to_fhir) {
    if (rows) rows_.emplace();
  }
  const std::string& name() const override { return name_; }
  bool to_fhir() const override { return to_fhir_; }
  const std::string& charset() const override { return charset_; }
  const adapters::rows::Shape* shape() const override { return rows_ ? &*rows_ : nullptr; }
  bool accepts(std::string_view kind) const override { return refuses_.empty() || kind != refuses_; }
  fhir::Result<adapters::map::Outcome> run(std::string_view, const adapters::map::Site&) const override {
    return fhir::fail(fhir::Fault::unsupported, "stand-in", "", "does not run");
  }

 private:
  std::string name_, refuses_, charset_ = "UTF-8";
  bool to_fhir_;
  std::optional<adapters::rows::Shape> rows_;
};

std::string slurp(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void spill(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream << text;
}

/// "to", "to, rows", "from", or "from, refuses EVENT"; a map that is really one is loaded.
std::shared_ptr<const adapters::map::Map> load_stand_in(const fs::path& file, std::vector<FileFault>& faults) {
  const std::string text = slurp(file);
  if (text == "broken") {
    faults.push_back({file.string(), 1, 1, false, "E0201", "not a map", {}});
    return nullptr;
  }
  if (text.find("\nmap: ") != std::string::npos) return adapters::map::Map::load(file, faults);
  const std::size_t refuses = text.find("refuses ");
  return std::make_shared<StandIn>(file.stem().string(), text.starts_with("to"),
                                   refuses == std::string::npos ? "" : text.substr(refuses + 8),
                                   text.starts_with("to, rows"));
}

}  // namespace

SiteCopy::SiteCopy(std::string site) : site_(std::move(site)) {
  static std::atomic<unsigned> number{0};
  root_ = fs::temp_directory_path() / fmt::format("causeway-config-{}-{}", ::getpid(), number++);
  fs::remove_all(root_);
  fs::create_directories(root_);
  fs::copy(fs::path(CAUSEWAY_SOURCE_DIR) / "conf", root_ / "conf", fs::copy_options::recursive);
  make_maps();
  make_pki();
  environment = {{"CAUSEWAY_PKI", pki().string()}, {"CAUSEWAY_DATA", (root_ / "run").string()}};
}

SiteCopy::~SiteCopy() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

/// A stand-in for each shipped map, leading the same way.
void SiteCopy::make_maps() {
  const fs::path shipped = fs::path(CAUSEWAY_SOURCE_DIR) / "mappings";
  for (const auto& entry : fs::recursive_directory_iterator(shipped)) {
    if (!entry.path().string().ends_with(".map.yaml")) continue;
    const std::string text = slurp(entry.path());
    const bool from =
        text.find("\ntarget:") != std::string::npos || text.find("extends: base/fhir_") != std::string::npos;
    const bool rows = text.find("format: row") != std::string::npos;
    spill(root_ / "mappings" / fs::relative(entry.path(), shipped), from ? "from" : rows ? "to, rows" : "to");
  }
}

namespace {

/// The names of NAME.pem and NAME.pins in the shipped configuration.
std::set<std::string> holders() {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(CAUSEWAY_SOURCE_DIR) / "conf")) {
    if (!entry.is_regular_file()) continue;
    const std::string text = slurp(entry.path());
    constexpr std::string_view kFolder = "run/pki}/";
    for (std::size_t at = text.find(kFolder); at != std::string::npos; at = text.find(kFolder, at + 1)) {
      const std::size_t begin = at + kFolder.size();
      names.insert(text.substr(begin, text.find('.', begin) - begin));
    }
  }
  names.erase("ca");
  names.erase("crl");
  return names;
}

}  // namespace

void SiteCopy::make_pki() {
  char letter = 'A';
  for (const std::string& holder : holders()) {
    spill(pki() / (holder + ".pem"), "certificate");
    spill(pki() / (holder + ".key"), "key");
    fs::permissions(pki() / (holder + ".key"), fs::perms::owner_read | fs::perms::owner_write);
    spill(pki() / (holder + ".pins"), "# " + holder + "\n" + std::string(43, letter++) + "=\n");
  }
  spill(pki() / "ca.pem", "authority");
  spill(pki() / "crl.pem", "list");
}

std::string SiteCopy::read(std::string_view file) const { return slurp(folder() / file); }

void SiteCopy::write(std::string_view file, std::string_view text) {
  spill(folder() / file, text);
  fs::last_write_time(folder() / file, fs::file_time_type::clock::now() - std::chrono::seconds(age_--));
}

void SiteCopy::edit(std::string_view file, std::string_view from, std::string_view to, std::size_t nth) {
  std::string text = read(file);
  std::size_t at = text.find(from);
  for (std::size_t i = 1; i < nth && at != std::string::npos; ++i) at = text.find(from, at + 1);
  INFO(file << ": " << from);
  REQUIRE(at != std::string::npos);
  write(file, text.replace(at, from.size(), to));
}

Options SiteCopy::options(Level level) const {
  const auto own = environment;
  return {.level = level,
          .environment =
              [own](const std::string& name) {
                const auto found = own.find(name);
                return found == own.end() ? std::optional<std::string>() : found->second;
              },
          .today = "2026-06-01",
          .load_map = load_stand_in,
          .files = nullptr};
}

std::shared_ptr<const Config> SiteCopy::load(Level level) {
  faults.clear();
  auto config = config::load(folder(), faults, options(level));
  const std::string prefix = folder().string() + "/";
  rendered_ = render(faults);
  for (FileFault& fault : faults) {
    if (fault.file.starts_with(prefix)) fault.file.erase(0, prefix.size());
    if (fault.related.file.starts_with(prefix)) fault.related.file.erase(0, prefix.size());
  }
  return config;
}

std::string SiteCopy::rendered() const {
  std::string text = rendered_;
  const auto replace = [&](const std::string& from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, from.size(), to);
  };
  for (const fs::path& path : {folder(), root_}) {  // the longer form first: it may contain the other
    const std::string whole = path.string() + "/", near = fs::proximate(path).string() + "/";
    replace(whole.size() > near.size() ? whole : near, "");
    replace(whole.size() > near.size() ? near : whole, "");
  }
  return text;
}

std::size_t line_of(std::string_view text, std::string_view needle) {
  const std::size_t at = text.find(needle);
  return at == std::string_view::npos ? 0 : static_cast<std::size_t>(std::ranges::count(text.substr(0, at), '\n')) + 1;
}

bool has_fault(const std::vector<FileFault>& faults, std::string_view file, std::size_t line, std::string_view code) {
  return std::ranges::any_of(faults, [&](const FileFault& fault) {
    return fault.file == file && (line == 0 || fault.line == line) && (code.empty() || fault.code == code);
  });
}

}  // namespace gateway::config::test
