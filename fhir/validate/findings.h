// What a check finds, and where it is: the issues so far and the way to the element being looked at. Nothing is
// written out (path, place, sentence) before there is something to say. One per check, one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/outcome.h"
#include "fhir/validate/messages.h"

namespace fhir::validate {

using Holes = std::initializer_list<std::string_view>;

class Findings {
 public:
  /// Of more than `most` issues the rest is dropped, advice before errors, and one last says so.
  explicit Findings(std::size_t most, Language language = Language::en) : most_(most), language_(language) {
    steps_.reserve(32);
  }

  /// Lengthens the path while it lives: `.name`, `.name[index]`, or the first step without a dot. `name` outlives it.
  class [[nodiscard]] Step {
   public:
    static constexpr std::size_t kNoIndex = ~std::size_t{0};
    Step(Findings& findings, std::string_view name, std::size_t index = kNoIndex) : findings_(findings) {
      findings.steps_.push_back({name, index});
    }
    ~Step() { findings_.steps_.pop_back(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Findings& findings_;
  };

  std::string path() const;
  Language language() const { return language_; }
  /// So many errors that no more is listed.
  bool full() const { return lost_error_; }

  /// With the severity of its row.
  void add(Message message, JsonView at, Holes holes = {}) { add(message.row().severity, message, at, holes); }
  void add(Severity severity, Message message, JsonView at, Holes holes = {});
  /// With a code of its own: an invariant's key.
  void add_invariant(std::string_view key, std::string_view human, bool error, JsonView at);
  /// After the sentence of the last finding: the word that was meant.
  void suggest(std::string_view word, std::string_view meant);

  Issues take();

 private:
  struct Part {
    std::string_view name;
    std::size_t index;
  };
  bool room(Severity severity);

  std::size_t most_, advice_ = 0;
  bool lost_error_ = false, lost_advice_ = false, last_kept_ = false;
  Language language_;
  std::vector<Part> steps_;
  Issues issues_;
};

}  // namespace fhir::validate
