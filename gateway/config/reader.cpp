#include "gateway/config/reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ranges>

#include "adapters/charset.h"
#include "adapters/map/check.h"
#include "gateway/config/codes.h"

namespace gateway::config {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargest = 16u << 20;  // bytes of one file

/// Reads as another one does, and remembers what was read.
class Noting final : public adapters::map::Files {
 public:
  explicit Noting(const adapters::map::Files& files) : files_(files) {}

  std::optional<std::string> read(const fs::path& file, std::size_t most) const override {
    auto bytes = files_.read(file, most);
    seen.emplace_back(file, bytes);
    return bytes;
  }
  bool is_file(const fs::path& file) const override { return files_.is_file(file); }
  bool is_folder(const fs::path& folder) const override { return files_.is_folder(folder); }
  std::vector<fs::path> list(const fs::path& folder, std::string_view ending) const override {
    return files_.list(folder, ending);
  }

  mutable std::vector<std::pair<fs::path, std::optional<std::string>>> seen;  // one load, one thread

 private:
  const adapters::map::Files& files_;
};

/// What the tests beside a map read, and the folder: a test that comes or goes.
std::vector<fs::path> files_of_tests(const fs::path& map, const Noting& read) {
  std::vector<fs::path> files{adapters::map::folder_of_tests(map)};
  for (const auto& [file, bytes] : read.seen) files.push_back(file);
  return files;
}

/// A path as short as it can be from where the person stands.
std::string shown(const fs::path& file) {
  std::error_code problem;
  return fs::proximate(file, problem).string();
}

/// Of a file that is not there: a sibling with nearly its name.
std::string sibling_hint(const fs::path& file) {
  std::error_code problem;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(file.parent_path(), problem), end; !problem && entry != end;
       entry.increment(problem))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  const std::vector<std::string_view> known(names.begin(), names.end());
  return adapters::map::did_you_mean(file.filename().string(), known);
}

std::string join(std::span<const std::string_view> words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::optional<std::string> own_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string hints(std::string first, std::string second) {
  if (first.empty() || second.empty()) return first + second;
  return first + "\n" + second;
}

}  // namespace

Stamp stamp_of(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return {.file = file};
  return {.file = file,
          .modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
          .size = static_cast<std::uint64_t>(info.st_size),
          .inode = info.st_ino};
}

std::string item_label(std::string_view list, std::size_t index, const Yaml& item) {
  for (const auto* key : {"name", "id"})
    if (const Yaml* name = item.find(key); name != nullptr && name->is_scalar())
      return fmt::format("{}[{}] (\"{}\")", list, index, name->text);
  return fmt::format("{}[{}]", list, index);
}

Reader::Reader(fs::path root, std::vector<FileFault>& out, const Options& how)
    : folder(std::move(root)),
      options(how),
      faults(out),
      out_(out),
      files_(how.files ? *how.files : adapters::map::disk()),
      environment_(how.environment) {
  if (!environment_) environment_ = own_environment;
}

// ---- files

std::optional<Yaml> Reader::open(std::string_view name) {
  const fs::path file = folder / name;
  const std::uint32_t number = faults.add_file(file.string());
  texts_.resize(number + 1);
  stamps.push_back(stamp_of(file));
  auto bytes = contents(file);
  if (!bytes) {
    faults.error({number, 0, 0}, code::kFile, "the file cannot be read", sibling_hint(file));
    return std::nullopt;
  }
  digest_input += fmt::format("{} {}\n", name, bytes->size()) + *bytes;
  sources.push_back({fs::absolute(file).lexically_normal(), *bytes});
  texts_[number] = std::move(*bytes);
  if (!check_utf8(number)) return std::nullopt;
  if (options.level == Level::files) refuse_writable(number, file);
  return adapters::map::parse_yaml(texts_[number], number, faults);
}

bool Reader::check_utf8(std::uint32_t file) {
  const std::string_view bytes = texts_[file];
  std::uint32_t number = 0;
  for (const auto part : std::views::split(bytes, '\n')) {
    ++number;
    if (adapters::is_valid_utf8(std::string_view(part.begin(), part.end()))) continue;
    faults.error({file, number, 1}, code::kCharset, "this line is not UTF-8",
                 "save the file as UTF-8 (it may have been saved as GBK or Big5)");
    return false;
  }
  return true;
}

void Reader::refuse_writable(std::uint32_t number, const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & S_IWOTH) != 0)
    faults.error({number, 0, 0}, code::kUnsafeFile, "everybody on this machine may change this file", "chmod o-w");
}

std::optional<std::string> Reader::contents(const fs::path& file) const { return files_.read(file, kLargest); }

std::string Reader::depend_on(const fs::path& file) {
  const Stamp before = stamp_of(file);  // before reading: a later change will be noticed
  auto bytes = contents(file);
  if (std::ranges::find(stamps, file, &Stamp::file) == stamps.end()) {
    stamps.push_back(before);
    take_note(file, bytes);
  }
  return std::move(bytes).value_or("");
}

void Reader::take_note(const fs::path& file, const std::optional<std::string>& bytes) {
  const std::string text = bytes.value_or("");
  digest_input += fmt::format("{} {}\n", file.lexically_relative(fs::absolute(folder)).string(), text.size()) + text;
  if (bytes) sources.push_back({file, text});  // one that is not there is watched, and no part of a snapshot
}

// ---- sections

std::string Reader::where() const {
  return steps_.empty() ? std::string() : fmt::format(" in {}", fmt::join(steps_, "."));
}

std::vector<const Yaml*> Reader::keys(const Yaml& section, std::span<const KeyName> names) {
  std::vector<const Yaml*> values(names.size(), nullptr);
  if (!section.is_map()) {
    faults.error(section.mark, code::kType,
                 fmt::format("expected keys with values{}, found {}", where(), adapters::map::name_of(section.kind)));
    return values;
  }
  for (const auto& entry : section.entries) {
    const auto known = std::ranges::find(names, entry.key, &KeyName::name);
    if (known == names.end()) {
      report_unknown(entry, names);
    } else if (entry.value.is_null()) {
      faults.error(entry.mark, code::kMissingKey, fmt::format("'{}' has no value{}", entry.key, where()));
    } else {
      values[static_cast<std::size_t>(known - names.begin())] = &entry.value;
    }
  }
  report_missing(section, names);
  return values;
}

void Reader::report_unknown(const adapters::map::YamlEntry& entry, std::span<const KeyName> names) {
  std::vector<std::string_view> allowed;
  for (const auto& name : names) allowed.push_back(name.name);
  faults.error(entry.mark, code::kUnknownKey, fmt::format("unknown key '{}'{}", entry.key, where()),
               hints(adapters::map::did_you_mean(entry.key, allowed), "allowed: " + join(allowed)));
}

void Reader::report_missing(const Yaml& section, std::span<const KeyName> names) {
  std::vector<std::string> missing;
  for (const auto& name : names)
    if (name.required && section.entry(name.name) == nullptr) missing.push_back(fmt::format("'{}'", name.name));
  if (!missing.empty())
    faults.error(section.mark, code::kMissingKey, fmt::format("{} missing{}", fmt::join(missing, " and "), where()));
}

std::span<const Yaml> Reader::items(const Yaml& node) const {
  if (node.is_list()) return node.items;
  return {&node, 1};
}

// ---- scalars

std::optional<std::string> Reader::scalar(const Yaml& node, std::string_view expected) {
  if (node.is_scalar()) return substitute(node);
  faults.error(node.mark, code::kType,
               fmt::format("expected {}{}, found {}", expected, where(), adapters::map::name_of(node.kind)));
  return std::nullopt;
}

std::optional<std::string> Reader::substitute(const Yaml& node) {
  std::string out;
  std::string_view rest = node.text;
  for (std::size_t at = rest.find("${"); at != std::string_view::npos; at = rest.find("${")) {
    if (at > 0 && rest[at - 1] == '$') {  // $${ is a plain ${
      out.append(rest.substr(0, at)).append("{");
      rest.remove_prefix(at + 2);
      continue;
    }
    const std::size_t end = rest.find('}', at);
    if (end == std::string_view::npos) {
      faults.error(node.mark, code::kVariable, "'${' without its '}'",
                   "write ${NAME} or ${NAME:-default}; a plain ${ is $${");
      return std::nullopt;
    }
    const auto value = variable(node, rest.substr(at + 2, end - at - 2));
    if (!value) return std::nullopt;
    out.append(rest.substr(0, at)).append(*value);
    rest.remove_prefix(end + 1);
  }
  return out.append(rest);
}

std::optional<std::string> Reader::variable(const Yaml& node, std::string_view body) {
  const std::size_t dash = body.find(":-");
  const std::string name(body.substr(0, dash));
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || !std::ranges::all_of(name, fits)) {
    faults.error(node.mark, code::kVariable, "a variable's name has letters, digits and '_' only",
                 "write ${NAME} or ${NAME:-default}");
    return std::nullopt;
  }
  auto value = environment_(name);
  if (!value && dash != std::string_view::npos) value = std::string(body.substr(dash + 2));
  if (!value) {
    faults.error(node.mark, code::kVariable, fmt::format("the environment variable {} is not set", name),
                 fmt::format("set it, or give a default: ${{{}:-value}}", name));
    return std::nullopt;
  }
  digest_input += fmt::format("{}={}\n", name, *value);
  return value;
}

void Reader::complain(const Yaml& node, std::string_view text, const Complaint& complaint) {
  const std::string filled = text == node.text ? "" : "with its variables filled in: '" + std::string(text) + "'";
  faults.error(node.mark, complaint.range ? code::kRange : code::kValue,
               fmt::format("'{}' {}{}", node.text, complaint.say, where()), hints(complaint.hint, filled));
}

std::optional<std::string> Reader::word(const Yaml& node, std::string_view code, std::string_view kind,
                                        std::span<const std::string_view> allowed) {
  auto text = scalar(node, kind);
  if (!text || std::ranges::find(allowed, *text) != allowed.end()) return text;
  faults.error(
      node.mark, code, fmt::format("unknown {} '{}'{}", kind, *text, where()),
      hints(adapters::map::did_you_mean(*text, allowed), allowed.size() > 40 ? "" : "allowed: " + join(allowed)));
  return std::nullopt;
}

// ---- files that are named

std::optional<fs::path> Reader::path(const Yaml& node) {
  const auto text = scalar(node, "a path");
  if (!text) return std::nullopt;
  if (text->empty()) {
    faults.error(node.mark, code::kValue, fmt::format("an empty path{}", where()));
    return std::nullopt;
  }
  return (fs::absolute(folder) / *text).lexically_normal();
}

bool Reader::there(const Yaml& node, const fs::path& file, bool made_later) {
  std::error_code problem;
  if (files_.is_file(file) || (made_later && fs::is_regular_file(file, problem))) return true;
  const auto say = fmt::format("{} does not exist", shown(file));
  if (made_later && options.level == Level::semantic) {
    faults.warn(node.mark, code::kNotThereYet, say, "./dev run makes the demonstration's; a real site gets its own");
  } else {
    faults.error(node.mark, code::kMissingFile, say, sibling_hint(file));
  }
  return false;
}

std::optional<fs::path> Reader::credential(const Yaml& node, bool secret) {
  auto file = path(node);
  if (file && there(node, *file, true) && secret && options.level == Level::files) refuse_readable(node, *file);
  return file;
}

void Reader::refuse_readable(const Yaml& node, const fs::path& file) {
  struct stat info{};
  if (::lstat(file.c_str(), &info) != 0) return;
  if (S_ISLNK(info.st_mode))
    faults.error(node.mark, code::kUnsafeFile, fmt::format("the private key {} is a symbolic link", shown(file)),
                 "name the file itself");
  else if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0)
    faults.error(node.mark, code::kUnsafeFile, fmt::format("the private key {} is open to others", shown(file)),
                 "chmod 600");
}

std::shared_ptr<const adapters::map::Map> Reader::map(const Yaml& node) {
  const auto file = path(node);
  if (!file) return nullptr;
  if (const auto loaded = maps_.find(*file); loaded != maps_.end()) return loaded->second;
  depend_on(*file);
  if (!there(node, *file, false)) return nullptr;
  if (options.load_map) return maps_[*file] = options.load_map(*file, out_);
  const Noting noting(files_);
  auto& loaded = maps_[*file];
  loaded = adapters::map::Map::load(*file, out_, noting);
  const Noting tests(files_);
  if (loaded != nullptr && !adapters::map::passes_its_tests(*loaded, *file, out_, tests)) loaded = nullptr;
  for (const fs::path& used : files_of_tests(*file, tests)) {  // no part of the configuration: looked at for changes
    if (std::ranges::find(stamps, used, &Stamp::file) == stamps.end()) stamps.push_back(stamp_of(used));
  }
  for (const auto& [used, bytes] : noting.seen) {  // what it extends, its code tables and sub-maps
    if (std::ranges::find(stamps, used, &Stamp::file) != stamps.end()) continue;
    stamps.push_back(stamp_of(used));
    take_note(used, bytes);
  }
  return maps_[*file];
}

std::vector<std::string> Reader::pins(const Yaml& node) {
  const auto file = path(node);
  if (!file) return {};
  const bool found = there(node, *file, true);
  const std::string bytes = depend_on(*file);
  const std::uint32_t number = faults.add_file(shown(*file));
  texts_.resize(number + 1);
  std::vector<std::string> pins;
  std::uint32_t line = 0;
  for (const auto part : std::views::split(bytes, '\n')) {
    ++line;
    std::string_view text(part.begin(), part.end());
    text = text.substr(0, text.find_last_not_of(" \t\r") + 1);
    if (text.empty() || text.starts_with('#')) continue;
    if (auto pin = parse_pin(text))
      pins.push_back(std::move(*pin));
    else
      faults.error({number, line, 1}, code::kValue, "this line is not a key pin", pin.error().hint);
  }
  if (found && pins.empty()) faults.error(node.mark, code::kKeys, fmt::format("no pin in {}", shown(*file)));
  return pins;
}

}  // namespace gateway::config
