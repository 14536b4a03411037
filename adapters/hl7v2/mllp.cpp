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
    seen_ -= begin_;
    begin_ = 0;
  }
  buffer_ += bytes;
}

Deframer::Oddities Deframer::take_oddities() { return std::exchange(oddities_, {}); }

Taken Deframer::break_off(fhir::Fault fault, std::string code, std::string say) {
  error_ = fhir::Error{fault, std::move(code), "", std::move(say)};
  return std::unexpected(*error_);
}

Taken Deframer::take() {
  if (error_) return std::unexpected(*error_);
  while (true) {
    if (!in_frame_) {
      if (auto found = find_start(); !found) return std::unexpected(std::move(found).error());
      if (!in_frame_) return std::nullopt;
    }
    seen_ = std::min(buffer_.find_first_of("\x0B\x1C", seen_), buffer_.size());
    if (seen_ - begin_ > limit_) {
      return break_off(fhir::Fault::too_large, "mllp.too-large",
                       "a message of more than " + std::to_string(limit_) + " bytes");
    }
    if (seen_ == buffer_.size()) return std::nullopt;
    if (buffer_[seen_] == kEnd) return end_frame();
    if (mode_ == Mode::strict) {
      return break_off(fhir::Fault::invalid, "mllp.frame", "a frame begins (0B) inside an unfinished one");
    }
    ++oddities_.abandoned_frames;
    begin_ = ++seen_;
  }
}

Result<void> Deframer::find_start() {
  while (begin_ < buffer_.size() && !in_frame_) {
    const char c = buffer_[begin_++];
    const bool frame_end = std::exchange(expect_return_, false);
    if (frame_end && c == kReturn) continue;
    if (frame_end) ++oddities_.missing_ends;
    in_frame_ = c == kStart;
    const bool line_end = c == '\r' || c == '\n';
    if (!in_frame_ && (!line_end || mode_ == Mode::strict)) ++oddities_.stray_bytes;
  }
  seen_ = begin_;
  if (mode_ == Mode::strict && oddities_ != Oddities{}) {
    auto broken = break_off(fhir::Fault::invalid, "mllp.frame", "bytes outside of a frame");
    return std::unexpected(std::move(broken).error());
  }
  return {};
}

Taken Deframer::end_frame() {
  if (mode_ == Mode::strict) {
    if (seen_ + 1 == buffer_.size()) return std::nullopt;
    if (buffer_[seen_ + 1] != kReturn) {
      return break_off(fhir::Fault::invalid, "mllp.frame", "a frame must end with 1C 0D");
    }
  }
  std::string message = buffer_.substr(begin_, seen_ - begin_);
  begin_ = ++seen_;
  in_frame_ = false;
  expect_return_ = true;
  return message;
}

}  // namespace adapters::hl7v2
