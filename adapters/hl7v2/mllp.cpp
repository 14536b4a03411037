#include "adapters/hl7v2/mllp.h"

#include <algorithm>
#include <utility>

namespace adapters::hl7v2 {

namespace {

constexpr char kStart = '\x0B', kEnd = '\x1C', kReturn = '\r';

using Taken = Result<std::optional<std::string>>;

}  // namespace

std::string frame(std::string_view message) {
  std::string bytes;
  bytes.reserve(message.size() + 3);
  bytes += kStart;
  bytes += message;
  bytes += kEnd;
  bytes += kReturn;
  return bytes;
}

void Deframer::feed(std::string_view bytes) {
  if (error_) return;
  if (begin_ > buffer_.size() / 2) {  // what was taken is dropped now and then, so the cost per byte stays constant
    buffer_.erase(0, begin_);
    dropped_ += begin_;
    seen_ -= begin_;
    begin_ = 0;
  }
  buffer_ += bytes;
}

Deframer::Oddities Deframer::take_oddities() { return std::exchange(oddities_, {}); }

std::unexpected<fhir::Error> Deframer::break_off(std::size_t at, fhir::Fault fault, std::string code, std::string say) {
  error_ = fhir::Error{fault, std::move(code), "byte " + std::to_string(dropped_ + at), std::move(say)};
  return std::unexpected(*error_);
}

std::unexpected<fhir::Error> Deframer::no_frame(std::size_t at, std::string say) {
  return break_off(at, fhir::Fault::invalid, "mllp.frame", std::move(say));
}

Taken Deframer::take() {
  if (error_) return std::unexpected(*error_);
  const std::string_view ends = mode_ == Mode::strict ? "\x0B\x1C\n" : "\x0B\x1C";
  while (true) {
    if (!in_frame_) {
      if (auto found = find_start(); !found) return std::unexpected(std::move(found).error());
      if (!in_frame_) return std::nullopt;
    }
    seen_ = std::min(buffer_.find_first_of(ends, seen_), buffer_.size());
    if (seen_ - begin_ > limit_) {
      return break_off(begin_ + limit_, fhir::Fault::too_large, "mllp.too-large",
                       "a message of more than " + std::to_string(limit_) + " bytes");
    }
    if (seen_ == buffer_.size()) return std::nullopt;
    if (buffer_[seen_] == kEnd) return end_frame();
    if (mode_ == Mode::strict && buffer_[seen_] == '\n') {
      return no_frame(seen_, "a line feed (0A) within a frame: segments end with a carriage return (0D) alone");
    }
    if (mode_ == Mode::strict) return no_frame(seen_, "a frame begins (0B) inside an unfinished one");
    ++oddities_.abandoned_frames;
    begin_ = ++seen_;
  }
}

Result<void> Deframer::find_start() {
  while (begin_ < buffer_.size() && !in_frame_) {
    const char c = buffer_[begin_++];
    const bool frame_end = std::exchange(expect_return_, false);
    if (frame_end && c == kReturn) continue;
    in_frame_ = c == kStart;
    if (mode_ == Mode::strict && !in_frame_) return no_frame(begin_ - 1, "bytes outside of a frame (before 0B)");
    if (frame_end) ++oddities_.missing_ends;
    if (!in_frame_ && c != kReturn && c != '\n') ++oddities_.stray_bytes;
  }
  seen_ = begin_;
  return {};
}

Taken Deframer::end_frame() {
  if (mode_ == Mode::strict) {
    if (seen_ + 1 == buffer_.size()) return std::nullopt;
    if (buffer_[seen_ + 1] != kReturn) return no_frame(seen_ + 1, "a frame must end with 1C 0D");
  }
  std::string message = buffer_.substr(begin_, seen_ - begin_);
  began_ = dropped_ + begin_;
  begin_ = ++seen_;
  in_frame_ = false;
  expect_return_ = true;
  return message;
}

}  // namespace adapters::hl7v2
