#include "adapters/hl7v2/batch.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace adapters::hl7v2 {

namespace {

using fhir::Fault;

struct Line {
  std::string_view text;   // without its end
  std::size_t begin = 0;   // in the bytes
  std::size_t number = 0;  // from 1
};

/// Lines as Message has them: CR ends one, CR LF too; LF where there is no CR. One at a time: a flood of line ends must
/// not become a flood of objects.
class Lines {
 public:
  explicit Lines(std::string_view bytes)
      : bytes_(bytes), end_(bytes.contains('\r') ? '\r' : '\n'), at_(bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0) {}

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
  std::size_t at_, number_ = 0;
};

bool is_segment(std::string_view line, std::string_view name) {
  const auto is_name = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return line.starts_with(name) && (line.size() == 3 || !is_name(line[3]));
}

/// Field `n` by the separator that stands behind the segment's name; MSH, BHS and FHS count it as field 1.
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
  explicit Splitter(std::string_view bytes) : bytes_(bytes) {}

  Result<Batch> split() {
    Lines lines(bytes_);
    while (const auto line = lines.next()) {
      number_ = line->number;
      if (auto taken = take(*line); !taken) return fhir::pass(taken);
    }
    end_message(bytes_.size());
    if (in_batch_) fault("the batch that began here has no BTS: the file may have been cut", batch_line_);
    if (in_file_) fault("the file has no FTS: it may have been cut", number_);
    if (batch_.messages.empty()) return no_batch(std::max<std::size_t>(number_, 1), "there is no message in it");
    return std::move(batch_);
  }

 private:
  Result<void> take(const Line& line) {
    if (is_segment(line.text, "MSH")) {
      begin_message(line);
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
    batch_.faults.push_back({Fault::invalid, "hl7v2.batch-count", at_line(line), std::move(say)});
  }

  std::string_view bytes_;
  Batch batch_;
  std::size_t number_ = 0, batches_ = 0, in_this_batch_ = 0, batch_line_ = 0;
  bool in_file_ = false, in_batch_ = false;
  std::optional<std::pair<std::size_t, std::size_t>> message_;  // its line and where it begins
};

/// The line of an FHS or BHS as an MSH would say it; what an answer needs of it is read as from any message.
Header header_of(std::string_view line, Charset charset) {
  if (line.size() < 4) return {};
  const auto decoded = decode(line, charset);
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

/// A message whose rest has not come yet.
struct Waiting {
  std::string_view pointer;  // DSC-1
  std::size_t whole = 0;     // which of the joined ones it is
};

std::unexpected<fhir::Error> lost_part(std::size_t index) {
  return fhir::fail(Fault::invalid, "hl7v2.continued", "message " + std::to_string(index + 1),
                    "a message is divided (DSC, MSH-14) and its other part is not here: have it sent in one piece, or "
                    "all parts in one file");
}

}  // namespace

bool is_batch(std::string_view bytes) {
  const std::string_view first = first_segment(bytes);
  return is_segment(first, "FHS") || is_segment(first, "BHS");
}

Result<Batch> split_batch(std::string_view bytes) { return Splitter(bytes).split(); }

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

std::string_view continued_by(std::string_view message) {
  const std::string_view dsc = find_segment(message, "DSC").value_or("");
  return field_of(dsc, 3) == "I" ? std::string_view{} : field_of(dsc, 2);
}

std::string_view continues(std::string_view message) {
  const std::string_view msh = first_segment(message);
  return is_segment(msh, "MSH") ? field_of(msh, 14) : std::string_view{};
}

Continuation continuation(std::string_view message, Charset charset) {
  const auto readable = [charset](std::string_view line) { return decode(line, charset).value_or(std::string(line)); };
  const std::string_view dsc = find_segment(message, "DSC").value_or("");
  const std::string msh = readable(first_segment(message));
  return {std::string(continues(msh)), dsc.empty() ? std::string() : std::string(continued_by(readable(dsc)))};
}

std::string join_parts(const std::vector<std::string>& parts) {
  std::string whole;
  for (std::size_t n = 0; n < parts.size(); ++n) append_part(whole, parts[n], n > 0, n + 1 < parts.size());
  return whole;
}

std::string naming(std::string acknowledgement, std::string_view control_id) {
  const auto msa = find_segment(acknowledgement, "MSA");
  if (!msa || msa->size() < 4) return acknowledgement;
  const std::string_view named = field_of(*msa, 3);  // counted with the name: MSA-2
  if (named.data() == nullptr) return acknowledgement;
  const auto at = static_cast<std::size_t>(named.data() - acknowledgement.data());
  return acknowledgement.replace(at, named.size(), control_id);
}

Result<std::vector<JoinedMessage>> join_continued(const std::vector<std::string_view>& messages) {
  std::vector<JoinedMessage> joined;
  std::vector<Waiting> waiting;
  for (std::size_t n = 0; n < messages.size(); ++n) {
    const std::string_view pointer = continues(messages[n]);
    const auto begun = std::ranges::find(waiting, pointer, &Waiting::pointer);
    if (!pointer.empty() && begun == waiting.end()) return lost_part(n);
    Waiting next{continued_by(messages[n]), joined.size()};
    if (pointer.empty()) {
      joined.push_back({n, {}});
    } else {
      next.whole = begun->whole;
      waiting.erase(begun);
    }
    append_part(joined[next.whole].bytes, messages[n], !pointer.empty(), !next.pointer.empty());
    if (!next.pointer.empty()) waiting.push_back(next);
  }
  if (!waiting.empty()) return lost_part(joined[waiting[0].whole].first);
  return joined;
}

std::string join_addenda(std::string message) {
  if (!find_segment(message, "ADD")) return message;
  std::string whole;
  whole.reserve(message.size());
  append_part(whole, message, false, false);
  return whole;
}

}  // namespace adapters::hl7v2
