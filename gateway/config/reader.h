// What reading a configuration folder shares: its files, its faults, the environment, the maps loaded so far. The
// schema (schema.h, kinds.h) says which keys there are; the Reader turns what is written into values and complains at
// the place. One Reader per load, one thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/yaml.h"
#include "gateway/config/config.h"
#include "gateway/config/values.h"

namespace gateway::config {

using adapters::map::Faults;
using adapters::map::Mark;
using adapters::map::Yaml;

struct KeyName {
  std::string_view name;
  bool required;
};

class Reader {
 public:
  Reader(std::filesystem::path folder, std::vector<FileFault>& faults, const Options& options);

  /// Reads and parses one of the folder's files; nothing after reporting why not.
  std::optional<Yaml> open(std::string_view name);
  const std::string& text_of(Mark mark) const { return texts_[mark.file]; }
  std::string file_of(Mark mark) const { return faults.files()[mark.file]; }

  /// The values of a section's keys, in their order; nullptr where absent, empty or wrong. Unknown and missing keys are
  /// reported.
  std::vector<const Yaml*> keys(const Yaml& section, std::span<const KeyName> names);
  /// A scalar's text with its variables filled in.
  std::optional<std::string> scalar(const Yaml& node, std::string_view expected);
  /// The items of a list; one value alone counts as a list of one.
  std::span<const Yaml> items(const Yaml& node) const;
  /// A scalar as `parse` reads it; nothing after reporting its complaint.
  template <class T>
  std::optional<T> value(const Yaml& node, Parsed<T> (*parse)(std::string_view)) {
    const auto text = scalar(node, "one value");
    if (!text) return std::nullopt;
    auto parsed = parse(*text);
    if (!parsed) return complain(node, *text, parsed.error()), std::nullopt;
    return std::move(*parsed);
  }
  void complain(const Yaml& node, std::string_view text, const Complaint& complaint);
  /// The scalar's text when it is one of `allowed`; otherwise reports it under `code`, with did-you-mean.
  std::optional<std::string> word(const Yaml& node, std::string_view code, std::string_view kind,
                                  std::span<const std::string_view> allowed);

  /// A path, absolute; relative ones count from the configuration folder.
  std::optional<std::filesystem::path> path(const Yaml& node);
  /// A certificate or key file: its presence and, for `secret` ones, its mode, as the level demands.
  std::optional<std::filesystem::path> credential(const Yaml& node, bool secret);
  /// A map; a null one after reporting why it could not be loaded. Each file is loaded once.
  std::shared_ptr<const adapters::map::Map> map(const Yaml& node);
  /// The pins of a file, one a line.
  std::vector<std::string> pins(const Yaml& node);
  /// Reads a file that is part of the configuration, and remembers it for the reload and the hash; "" when not there.
  std::string depend_on(const std::filesystem::path& file);

  /// Where we are, for sentences: `in doors[0] ("lis")`. Empty at top level.
  std::string where() const;
  class Inside {
   public:
    Inside(Reader& reader, std::string step) : reader_(reader) { reader_.steps_.push_back(std::move(step)); }
    ~Inside() { reader_.steps_.pop_back(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Reader& reader_;
  };

  const std::filesystem::path folder;
  const Options& options;
  Faults faults;
  std::vector<Stamp> stamps;
  std::vector<SourceFile> sources;
  std::string digest_input;  // what Config::hash is taken over

 private:
  void report_unknown(const adapters::map::YamlEntry& entry, std::span<const KeyName> names);
  void report_missing(const Yaml& section, std::span<const KeyName> names);
  std::optional<std::string> substitute(const Yaml& node);
  std::optional<std::string> variable(const Yaml& node, std::string_view body);
  bool check_utf8(std::uint32_t file);
  /// `made_later`: certificates and pins, which `check` does not insist on.
  bool there(const Yaml& node, const std::filesystem::path& file, bool made_later);
  std::optional<std::string> contents(const std::filesystem::path& file) const;
  void take_note(const std::filesystem::path& file, const std::optional<std::string>& bytes);
  void refuse_readable(const Yaml& node, const std::filesystem::path& file);
  void refuse_writable(std::uint32_t number, const std::filesystem::path& file);

  std::vector<FileFault>& out_;
  const adapters::map::Files& files_;
  std::function<std::optional<std::string>(const std::string&)> environment_;
  std::vector<std::string> texts_;  // by file number
  std::vector<std::string> steps_;
  std::map<std::filesystem::path, std::shared_ptr<const adapters::map::Map>> maps_;
};

/// "doors[0] ("lis")": an item of a list, with its name or id if it has one.
std::string item_label(std::string_view list, std::size_t index, const Yaml& item);
/// The file as it is now; `modified_ns` 0 when it is not there.
Stamp stamp_of(const std::filesystem::path& file);

}  // namespace gateway::config
