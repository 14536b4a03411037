#include "adapters/hl7v2/batch.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace adapters::hl7v2 {

namespace {

using fhir::Fault;

constexpr std::size_t kMostFaults = 10;  // of an envelope that are listed; a file of nothing but BTS has millions

struct Line {
  std::string_view text;   // without its end
  std::size_t begin = 0;   // in the bytes
  std::size_t number = 0;  // from 1
};

/// Lines as Message has them: CR ends one, CR LF too; LF where there is no CR. One at a time: a flood of line ends must
/// not become a flood of objects.
class Lines {
 public:
  explicit Lines(std::string_view bytes, std::size_t first = 1)
      : bytes_(bytes),
        end_(bytes.contains('\r') ? '\r' : '\n'),
        at_(bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0),
        number_(first - 1) {}

  /// The next one that is not blank.
  std::optional<Line> next() {
    while (at_ < bytes_.size()) {
      const std::size_t begin = at_;
      const std::size_t stop = std::min(bytes_.find(end_, begin), bytes_.size());
      at_ = stop + 1;
      if (end_ == '\r' && at_ < bytes_.size() && bytes_[at_] == '\n') ++at_;
      ++number_;
      const std::string_view text = bytes_.substr(begin, stop - begin);
      if (text.find_first_not_of('\n') != std::string_view::npos) return Line{text, begin, number_};
    }
    return std::nullopt;
  }

 private:
  std::string_view bytes_;
  char end_;
  std::size_t at_, number_;
};

bool is_segment(std::string_view line, std::string_view name) {
  const auto is_name = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return line.starts_with(name) && (line.size() == 3 || !is_name(line[3]));
}

bool is_envelope(std::string_view line) {
  return is_segment(line, "FHS") || is_segment(line, "BHS") || is_segment(line, "BTS") || is_segment(line, "FTS");
}

/// Of decoded text, or of a line whose fields up to `n` are ASCII: field `n` by the separator that stands behind the
/// segment's name; MSH, BHS and FHS count it as field 1.
std::string_view field_of(std::string_view line, std::size_t n) {
  return line.size() < 4 ? std::string_view{} : part(line.substr(0, line.find('\r')), line[3], n);
}

std::string at_line(std::size_t line) { return "line " + std::to_string(line); }

std::unexpected<fhir::Error> no_batch(std::size_t line, std::string say) {
  return fhir::fail(Fault::invalid, "hl7v2.batch", at_line(line), std::move(say));
}

/// Walks over the lines once and keeps what is open.
class Splitter {
 public:
  Splitter(std::string_view bytes, const Splitting& how) : bytes_(bytes), how_(how), number_(how.first_line) {}

  Result<Batch> split() {
    Lines lines(bytes_, how_.first_line);
    while (const auto line = lines.next()) {
      number_ = line->number;
      if (auto taken = take(*line); !taken) return fhir::pass(taken);
    }
    end_message(bytes_.size());
    if (in_batch_) fault("the batch that began here has no BTS: the file may have been cut", batch_line_);
    if (in_file_) fault("the file has no FTS: it may have been cut", number_);
    if (batch_.messages.empty()) return no_batch(number_, "there is no message in it");
    return std::move(batch_);
  }

 private:
  Result<void> take(const Line& line) {
    if (is_segment(line.text, "MSH")) {
      begin_message(line);
      if (batch_.messages.size() >= how_.most)
        return fhir::fail(Fault::too_large, "hl7v2.batch", at_line(number_),
                          "more than " + std::to_string(how_.most) + " messages in one batch: have it sent in several");
    } else if (is_segment(line.text, "FHS") || is_segment(line.text, "BHS")) {
      begin_envelope(line);
    } else if (is_segment(line.text, "BTS")) {
      end_message(line.begin);
      check_count(line.text, in_this_batch_, "messages");
      in_batch_ = false;
      ++batches_;
    } else if (is_segment(line.text, "FTS")) {
      end_message(line.begin);
      check_count(line.text, batches_, "batches");
      in_file_ = false;
    } else if (!message_) {
      return no_batch(number_, "a segment stands outside of a message: before it belongs an MSH");
    }
    return {};
  }

  void begin_message(const Line& line) {
    end_message(line.begin);
    message_ = {number_, line.begin};
    ++in_this_batch_;
  }

  void begin_envelope(const Line& line) {
    end_message(line.begin);
    const bool file = line.text[0] == 'F';
    if (in_batch_) fault("the batch that began here has no BTS: the file may have been cut", batch_line_);
    in_batch_ = !file;
    in_file_ = in_file_ || file;
    in_this_batch_ = 0;
    batch_line_ = number_;
    std::string_view& header = file ? batch_.file_header : batch_.header;
    if (header.empty()) header = line.text;
  }

  void end_message(std::size_t at) {
    if (!message_) return;
    batch_.messages.push_back({message_->first, bytes_.substr(message_->second, at - message_->second)});
    message_.reset();
  }

  /// BTS-1 and FTS-1 may be empty.
  void check_count(std::string_view trailer, std::size_t there, std::string_view what) {
    const std::string_view text = field_of(trailer, 2);
    std::size_t said = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), said);
    if (text.empty() || (bad == std::errc() && end == text.data() + text.size() && said == there)) return;
    fault(std::string(trailer.substr(0, 3)) + "-1 is not the number of " + std::string(what) + ", which is " +
              std::to_string(there),
          number_);
  }

  void fault(std::string say, std::size_t line) {
    if (batch_.faults.size() >= kMostFaults) {
      ++batch_.unlisted;
      return;
    }
    batch_.faults.push_back({Fault::invalid, "hl7v2.batch-count", at_line(line), std::move(say)});
  }

  std::string_view bytes_;
  const Splitting& how_;
  Batch batch_;
  std::size_t number_, batches_ = 0, in_this_batch_ = 0, batch_line_ = 0;
  bool in_file_ = false, in_batch_ = false;
  std::optional<std::pair<std::size_t, std::size_t>> message_;  // its line and where it begins
};

/// The line of an FHS or BHS as an MSH would say it; what an answer needs of it is read as from any message.
Header header_of(std::string_view line, Charset charset) {
  if (line.size() < 4) return {};
  const auto decoded = decode_piece(line, charset);
  const std::string_view text = decoded ? std::string_view(*decoded) : line;
  const char by = text[3];
  std::string msh = "MSH";
  for (std::size_t n = 2; n <= 7; ++n) (msh += by) += part(text, by, n);
  (((msh += by) += by) += by) += part(text, by, 11);
  return read_header(msh);
}

/// Fields 1 to 12 of the answering FHS or BHS.
std::string answering(std::string_view name, const Header& header, const Stamp& stamp) {
  const Separators& to = header.separators;
  const std::string separators{to.component, to.repetition, to.escape, to.subcomponent};
  std::string line(name);
  for (const std::string& field : {separators, header.receiving_application, header.receiving_facility,
                                   header.sending_application, header.sending_facility, stamp.time, std::string(),
                                   std::string(), std::string(), stamp.control_id, header.control_id}) {
    (line += to.field) += field;
  }
  return line += '\r';
}

/// What this charset reads but does not write becomes '?', as in every acknowledgement.
std::string in_charset(const std::string& utf8, Charset charset) {
  if (auto bytes = encode(utf8, charset)) return *std::move(bytes);
  std::string ascii = utf8;
  std::ranges::replace_if(ascii, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return ascii;
}

/// The first segment of that name.
std::optional<std::string_view> find_segment(std::string_view message, std::string_view name) {
  Lines lines(message);
  while (const auto line = lines.next()) {
    if (is_segment(line->text, name)) return line->text;
  }
  return std::nullopt;
}

std::string_view first_segment(std::string_view message) {
  const auto line = Lines(message).next();
  return line ? line->text : std::string_view{};
}

/// Puts a segment behind a message; what follows ADD belongs to the segment before it.
void append(std::string& message, std::string_view segment) {
  if (!is_segment(segment, "ADD") || !message.ends_with('\r')) {
    (message += segment) += '\r';
    return;
  }
  message.pop_back();
  (message += segment.substr(std::min<std::size_t>(segment.size(), 4))) += '\r';
}

/// Without its header where it goes on, without its pointer where it is gone on with.
void append_part(std::string& whole, std::string_view message, bool goes_on, bool gone_on_with) {
  Lines lines(message);
  while (const auto line = lines.next()) {
    const bool left_out = (goes_on && is_segment(line->text, "MSH")) || (gone_on_with && is_segment(line->text, "DSC"));
    if (!left_out) append(whole, line->text);
  }
}

/// DSC-1 of a decoded segment.
std::string_view pointer_of(std::string_view dsc) {
  return field_of(dsc, 3) == "I" ? std::string_view{} : field_of(dsc, 2);
}

/// What cannot be read in the charset stays as it is: its message will be refused for that.
std::string readable(std::string_view line, Charset charset) {
  return decode_piece(line, charset).value_or(std::string(line));
}

Continuation continuation_of(std::string_view msh, std::string_view message, Charset charset) {
  const std::string dsc = readable(find_segment(message, "DSC").value_or(""), charset);
  return {is_segment(msh, "MSH") ? std::string(field_of(msh, 14)) : std::string(), std::string(pointer_of(dsc))};
}

/// Collects the parts of messages; what belongs together is joined at the end.
class Joiner {
 public:
  explicit Joiner(Charset charset) : charset_(charset) {}

  void add(const BatchedMessage& message) {
    const std::string msh = readable(first_segment(message.bytes), charset_);
    const Continuation place = continuation_of(msh, message.bytes, charset_);
    const std::string sender = sender_of(msh);
    const std::size_t whole = place.of.empty() ? begin(message) : go_on(message, sender + place.of);
    if (!place.by.empty()) wait(sender + place.by, whole);
  }

  std::vector<JoinedMessage> joined() {
    for (const auto& [pointer, whole] : waiting_) refuse(whole, kLost);
    std::vector<JoinedMessage> all;
    all.reserve(wholes_.size());
    for (Whole& whole : wholes_) all.push_back({whole.line, text_of(whole), std::move(whole.fault)});
    return all;
  }

 private:
  static constexpr std::string_view kLost =
      "the message is divided (DSC, MSH-14) and its other part is not here: have it sent in one piece, or all parts in "
      "one file or batch";
  static constexpr std::string_view kTwice =
      "two messages wait for their rest under the same pointer (DSC-1): which of them a part belongs to cannot be told";

  struct Whole {
    std::size_t line = 0;
    std::vector<std::string_view> parts;
    std::optional<fhir::Error> fault;
  };

  /// MSH-3, MSH-4 and the type, so that one sender's pointer never leads to another's message.
  static std::string sender_of(std::string_view msh) {
    const std::string_view type = field_of(msh, 9);
    const char by = msh.size() > 4 ? msh[4] : '^';
    std::string sender;
    for (const std::string_view one : {field_of(msh, 3), field_of(msh, 4), part(type, by, 1), part(type, by, 2)})
      (sender += one) += '\r';
    return sender;
  }

  std::size_t begin(const BatchedMessage& message) {
    wholes_.push_back({message.line, {message.bytes}, std::nullopt});
    return wholes_.size() - 1;
  }

  std::size_t go_on(const BatchedMessage& message, const std::string& pointer) {
    const auto begun = waiting_.find(pointer);
    if (begun == waiting_.end()) {
      const std::size_t rest = begin(message);
      refuse(rest, twice_.contains(pointer) ? kTwice : kLost);
      return rest;
    }
    const std::size_t whole = begun->second;
    waiting_.erase(begun);
    wholes_[whole].parts.push_back(message.bytes);
    return whole;
  }

  void wait(const std::string& pointer, std::size_t whole) {
    const auto known = waiting_.find(pointer);
    if (known == waiting_.end() && !twice_.contains(pointer)) {
      waiting_.emplace(pointer, whole);
      return;
    }
    twice_.insert(pointer);
    refuse(whole, kTwice);
    if (known == waiting_.end()) return;
    refuse(known->second, kTwice);
    waiting_.erase(known);
  }

  void refuse(std::size_t whole, std::string_view why) {
    if (!wholes_[whole].fault)
      wholes_[whole].fault =
          fhir::Error{Fault::invalid, "hl7v2.continued", at_line(wholes_[whole].line), std::string(why)};
  }

  /// What is not whole keeps its DSC and MSH-14: it must not pass for a whole message when it is released.
  static std::string text_of(const Whole& whole) {
    std::string text;
    const bool as_it_came = whole.fault || whole.parts.size() == 1;
    for (std::size_t n = 0; n < whole.parts.size(); ++n) {
      if (as_it_came)
        text += whole.parts[n];
      else
        append_part(text, whole.parts[n], n > 0, n + 1 < whole.parts.size());
    }
    return text;
  }

  const Charset charset_;
  std::vector<Whole> wholes_;
  std::map<std::string, std::size_t> waiting_;  // for their rest: sender and pointer, and which of the wholes
  std::set<std::string> twice_;                 // pointers under which two waited at once
};

}  // namespace

bool is_batch(std::string_view bytes) {
  const std::string_view first = first_segment(bytes);
  return is_segment(first, "FHS") || is_segment(first, "BHS");
}

Result<Batch> split_batch(std::string_view bytes, const Splitting& how) { return Splitter(bytes, how).split(); }

fhir::Error envelope_fault(std::span<const fhir::Error> faults, std::size_t unlisted) {
  fhir::Error whole = faults.front();
  for (const fhir::Error& one : faults.subspan(1)) whole.say += "; " + one.where + ": " + one.say;
  if (unlisted > 0) whole.say += "; and " + std::to_string(unlisted) + " more";
  return whole;
}

std::string envelope_of(std::string_view bytes) {
  std::string envelope;
  Lines lines(bytes);
  while (const auto line = lines.next())
    if (is_envelope(line->text)) (envelope += line->text) += '\r';
  return envelope;
}

Header batch_header(const Batch& batch, Charset charset) {
  return header_of(batch.header.empty() ? batch.file_header : batch.header, charset);
}

Header batch_header(std::string_view bytes, Charset charset) { return header_of(first_segment(bytes), charset); }

std::string write_batch_answer(const Batch& batch, Charset charset, const std::vector<std::string>& acknowledgements,
                               const Stamp& stamp) {
  std::string head;
  if (!batch.file_header.empty()) head += answering("FHS", header_of(batch.file_header, charset), stamp);
  const Header header = batch_header(batch, charset);
  head += answering("BHS", header, stamp);
  std::string answer = in_charset(head, charset);
  for (const std::string& one : acknowledgements) answer += one;
  const char by = header.separators.field;
  ((answer += "BTS") += by) += std::to_string(acknowledgements.size());
  if (!batch.faults.empty()) (answer += by) += escape(batch.faults[0].say, header.separators);
  answer += '\r';
  if (!batch.file_header.empty()) (((answer += "FTS") += by) += '1') += '\r';
  return answer;
}

Continuation continuation(std::string_view message, Charset charset) {
  return continuation_of(readable(first_segment(message), charset), message, charset);
}

std::string join_parts(const std::vector<std::string>& parts) {
  std::string whole;
  for (std::size_t n = 0; n < parts.size(); ++n) append_part(whole, parts[n], n > 0, n + 1 < parts.size());
  return whole;
}

std::string naming(std::string acknowledgement, std::string_view control_id, Charset charset) {
  auto text = decode_piece(acknowledgement, charset);
  const auto msa = text ? find_segment(*text, "MSA") : std::nullopt;
  const std::string_view named = msa ? field_of(*msa, 3) : std::string_view{};  // counted with the name: MSA-2
  if (named.data() == nullptr) return acknowledgement;
  const auto at = static_cast<std::size_t>(named.data() - text->data());
  return in_charset(text->replace(at, named.size(), control_id), charset);
}

std::vector<JoinedMessage> join_continued(const Batch& batch, Charset charset) {
  Joiner joiner(charset);
  for (const BatchedMessage& message : batch.messages) joiner.add(message);
  return joiner.joined();
}

std::string join_addenda(std::string message) {
  if (!find_segment(message, "ADD")) return message;
  std::string whole;
  whole.reserve(message.size());
  append_part(whole, message, false, false);
  return whole;
}

}  // namespace adapters::hl7v2
